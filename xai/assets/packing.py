"""A folder on disk as the zip that an upload would be."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from xai.assets.folder_entries import MOST_BYTES
from xai.assets.wording import quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path


MOST_FILES = 20_000


def pack(folder: Path, target: Path) -> Path:
    """Write all files of `folder`, and of the folders in it, to the zip `target`, as they are.

    Nothing is judged here but size: what the files are is said when the zip is opened.

    Raises
    ------
    RefusedFile
        If there are too many or too large files, or a link.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    links = [path for path in files if path.is_symlink()]
    if links:
        raise RefusedFile(
            f"The folder {quoted(folder.name)} holds a link ({quoted(links[0].name)}). Copy the "
            "file itself into it."
        )
    size = sum(path.stat().st_size for path in files)
    if not files or len(files) > MOST_FILES or size > MOST_BYTES:
        raise RefusedFile(
            f"The folder {quoted(folder.name)} holds {len(files):,} files of {size / 1e9:.1f} GB; "
            f"1 to {MOST_FILES:,} files of at most {MOST_BYTES / 1e9:.0f} GB together are packed."
        )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            # Without the times of the files: the same folder makes the same zip, and hash.
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as to:
                shutil.copyfileobj(source, to, 1 << 20)
    return target
