"""Cheap structural checks of model files, before native code walks over them.

Native code trusts its arrays: one child index out of range is a crash, one that points back is an
endless loop. The jail survives both; these checks refuse early, in one sentence.
"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

DEEPEST_TREE = 1_000
# A forest saved by skops has five entries for each of its trees.
MOST_ENTRIES = 50_000
LARGEST_ARCHIVE = 2 * 1024**3
SMALL_ARCHIVE = 10 * 1024**2
HIGHEST_RATIO = 200
ENCRYPTED = 0x1


def damaged(what: str) -> RefusedFile:
    """Return the error for a model file whose parts do not fit together."""
    return RefusedFile(f"The model file is damaged: {what}. It is not loaded.")


def whole_numbers(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """Return `values` as one row of whole numbers."""
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        if array.size:
            raise damaged(f"{what} must be a list of whole numbers")
        array = np.zeros(0, np.int64)
    return array.astype(np.int64)


def check_range(values: NDArray[np.int64], stop: int, what: str) -> None:
    """Refuse a value outside 0..stop-1."""
    if values.size and (values.min() < 0 or values.max() >= stop):
        wrong = values[(values < 0) | (values >= stop)][0]
        raise damaged(f"{what} holds {wrong}, and only 0 to {stop - 1} exist")


def check_tree(left: NDArray[np.int64], right: NDArray[np.int64], what: str) -> int:
    """Refuse a binary tree whose children do not exist or run in circles; return its depth.

    Parameters
    ----------
    left, right : array of shape (nodes,)
        Index of each child; any negative number in both for a leaf. Node 0 is the root.
    """
    nodes = len(left)
    is_inner = left >= 0
    if not nodes or len(right) != nodes or bool(((right >= 0) != is_inner).any()):
        raise damaged(f"the children of {what} are not in pairs")
    children = np.concatenate([left[is_inner], right[is_inner]])
    check_range(children, nodes, f"a child index of {what}")
    if (children == 0).any() or len(np.unique(children)) != len(children):
        raise damaged(f"{what} runs in a circle")
    return _depth(left, right, what)


def _depth(left: NDArray[np.int64], right: NDArray[np.int64], what: str) -> int:
    level, depth = np.zeros(1, np.int64), 0
    while True:
        inner = level[left[level] >= 0]
        if not inner.size:
            return depth
        level, depth = np.concatenate([left[inner], right[inner]]), depth + 1
        if depth > DEEPEST_TREE:
            raise damaged(f"{what} is more than {DEEPEST_TREE} levels deep")


def check_starts(starts: NDArray[np.int64], stop: int, what: str) -> None:
    """Refuse offsets that do not rise from 0 to at most `stop`."""
    if starts.size and (starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > stop):
        raise damaged(f"{what} points outside its array")


def read_json(data: bytes) -> Any:
    """Parse JSON; refuse damage, a name used twice in one object, and bottomless nesting."""
    try:
        return json.loads(data, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        raise RefusedFile("The model file is not valid JSON: it is cut short or damaged.") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise damaged("a name appears twice in one object")
    return found


def check_zip(path: Path) -> None:
    """Refuse an archive that is broken, or that would unpack to far more than it weighs.

    Raises
    ------
    RefusedFile
        On more than 50,000 entries, a name used twice (in any case), encryption, two entries at
        one place, or a size out of proportion.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise RefusedFile("The file is not a readable zip archive.") from None
    if len(entries) > MOST_ENTRIES:
        raise RefusedFile(
            f"The archive holds {len(entries):,} files; at most {MOST_ENTRIES:,} are opened."
        )
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        raise damaged("the archive holds one name twice")
    if len({entry.header_offset for entry in entries}) != len(entries):
        raise damaged("files of the archive overlap")
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise RefusedFile("The archive is encrypted; save it without a password.")
    _check_weight(entries)


def _check_weight(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if total > LARGEST_ARCHIVE:
        raise RefusedFile(
            f"The archive unpacks to {total / 1024**3:.1f} GB; at most "
            f"{LARGEST_ARCHIVE / 1024**3:.0f} GB is opened."
        )
    if total > SMALL_ARCHIVE and total / packed > HIGHEST_RATIO:
        raise RefusedFile(
            f"The archive unpacks to {total // packed:,} times its size, as a zip bomb does."
        )
