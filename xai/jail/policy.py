"""What a jailed process may see: files, folders and environment."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

COMPILED = "compiled"
"""Folder in a child's room where numba looks for code and keeps it."""

_OUTSIDE = frozenset({"settings.py", "urls.py", "wsgi.py", "web", "__pycache__"})
"""Parts of the product that no model needs."""

_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    # How many processors, how much memory: libraries size their pools by it. /proc as a whole
    # would show the other processes.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
_OWN = ("/proc/self/maps", "/proc/self/statm", "/proc/self/status")

_LIBRARIES = ("lib", "lib64")


@dataclass(frozen=True, slots=True)
class Policy:
    """Paths by what may be done with them and with everything below."""

    read: tuple[str, ...]
    names: tuple[str, ...]
    write: tuple[str, ...]


def policy(inputs: Sequence[Path], scratch: Path, extra_roots: Sequence[Path]) -> Policy:
    """Return what one child may see.

    Parameters
    ----------
    inputs : paths
        Read-only.
    scratch : Path
        The one folder it may write to.
    extra_roots : paths
        Further folders of code, read-only.
    """
    code = {str(part) for part in PACKAGE.iterdir() if part.name not in _OUTSIDE}
    given = {str(path.resolve()) for path in (*inputs, *extra_roots)}
    return Policy(
        read=tuple(sorted({*_SYSTEM, *_OWN, *_interpreter(), *code, *given})),
        names=(str(PACKAGE),),
        write=(str(scratch.resolve()), "/dev/null"),
    )


def environment(scratch: Path, threads: int) -> dict[str, str]:
    """Return the child's whole environment: nothing of the parent's is in it."""
    home, count = str(scratch.resolve()), str(threads)
    pools = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM", "RAYON")
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "XDG_CACHE_HOME": home,
        "MPLCONFIGDIR": home,
        "NUMBA_CACHE_DIR": f"{home}/{COMPILED}",
        "HF_HUB_OFFLINE": "1",
        "USE_HUB_KERNELS": "NO",
        "TOKENIZERS_PARALLELISM": "false",
        # Otherwise onnxruntime writes a device's name and a database of events into HOME.
        "ORT_DISABLE_TELEMETRY": "1",
        # There are no further processes to be had; asking for them only costs warnings.
        "JOBLIB_MULTIPROCESSING": "0",
        "LOKY_MAX_CPU_COUNT": count,
        # Threads that spin while they wait starve each other: ten times slower on a busy machine.
        "OMP_WAIT_POLICY": "PASSIVE",
        # Arrow's own allocator takes a gigabyte in advance, which would count as used.
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        **{f"{pool}_NUM_THREADS": count for pool in pools},
    }


def _interpreter() -> set[str]:
    """Folders of Python's own and installed libraries, but never a whole prefix.

    A virtual environment may lie beside the product's data, and its prefix may be the same folder.
    """
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    for prefix in (sys.prefix, sys.base_prefix):
        found |= {str(Path(prefix) / name) for name in _LIBRARIES}
    return {str(Path(path).resolve()) for path in found}
