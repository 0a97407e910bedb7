"""Disks of a few megabytes, which can be filled; they need root."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path


class SmallDisk:
    """A disk of so many megabytes at a folder, which can be filled; needs root."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        options = f"size={megabytes}m,mode=700"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)

    @contextmanager
    def full(self, leaving=0):
        ballast = self.folder / "ballast"
        room = max(0, shutil.disk_usage(self.folder).free - leaving)
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            for _ in range(room // 4096 + (leaving == 0)):
                file.write(bytes(4096))
        try:
            yield
        finally:
            ballast.unlink()

    def remove(self):
        subprocess.run(["umount", "--lazy", self.folder], check=False, capture_output=True)


def can_mount() -> bool:
    """Whether this user may put a small disk somewhere."""
    folder = Path(tempfile.mkdtemp(prefix="parallax-try-"))
    try:
        SmallDisk(folder, 1).remove()
    except (subprocess.CalledProcessError, OSError):
        return False
    finally:
        folder.rmdir()
    return True
