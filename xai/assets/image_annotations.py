"""What a set of pictures says of concepts in them: which are there, and where, as masks.

In a zip: `masks/NAME.png` or `masks/CONCEPT/NAME.png`, NAME the path or the plain name of a picture
without its ending; `concepts.csv` with a column `path` and one column of 0 and 1 per concept; or
such columns in `labels.csv`. In Parquet: columns of bytes called `mask` or `mask_CONCEPT`, columns
of truth values, or a column `concepts` of lists of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xai.assets.names import normal
from xai.assets.picture import BadPicture, levels
from xai.assets.wording import clean, count, listed, quoted
from xai.errors import RefusedFile
from xai.vocabulary import Floats

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "masks/"
ONLY = "mask"
"""Name of the concept of masks that name none."""
MOST = 500
NAMED = 12
UNEVEN = 0.02
"""Share by which the proportions of a mask may differ from its picture's."""
_TRUE, _FALSE = {"1", "true", "yes", "1.0"}, {"0", "false", "no", "0.0"}
_GREY, _PALETTE = 0, 3

Place = tuple[int, int]
"""A picture and a concept, by position."""


@dataclass(frozen=True, eq=False)
class Annotations:
    """Named concepts of n pictures.

    Attributes
    ----------
    names : tuple of str, length l
    present : array of shape (n, l)
        1 there, 0 not there, NaN unknown.
    """

    names: tuple[str, ...]
    present: Floats
    _masks: dict[Place, Callable[[], bytes]] = field(default_factory=dict, repr=False)

    @property
    def has_masks(self) -> tuple[bool, ...]:
        """Whether a concept is said to lie somewhere, length l."""
        known = {concept for _, concept in self._masks}
        return tuple(i in known for i in range(len(self.names)))

    def of(self, places: Sequence[int]) -> Annotations:
        """Return what is said of some of the pictures, in this order."""
        at = {place: i for i, place in enumerate(places)}
        kept = {(at[p], c): read for (p, c), read in self._masks.items() if p in at}
        return replace(self, present=self.present[list(places)], _masks=kept)

    def mask(self, position: int, concept: int, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Return where a concept lies in a picture of `size` (width, height), (height, width).

        Nowhere if nothing is said.

        Raises
        ------
        RefusedFile
            If the mask cannot be read, or has other proportions than the picture.
        """
        read = self._masks.get((position, concept))
        width, height = size
        if read is None:
            return np.zeros((height, width), dtype=bool)
        try:
            found = levels(read())
        except BadPicture as error:
            raise RefusedFile(
                f"A mask of {quoted(self.names[concept])} {error}. Take it out of the file."
            ) from None
        if abs(found.shape[1] * height / (found.shape[0] * width) - 1) > UNEVEN:
            raise RefusedFile(
                f"A mask of {quoted(self.names[concept])} is {found.shape[1]} × {found.shape[0]} "
                f"pixels, and its picture {width} × {height}. Give both the same proportions."
            )
        rows = np.arange(height) * found.shape[0] // height
        columns = np.arange(width) * found.shape[1] // width
        # Masks of 0 and 1 and masks of 0 and 255 are both common.
        return np.asarray((found > found.max() / 2)[rows][:, columns])

    def note(self) -> str:
        """Return what was found, in a sentence."""
        masked = self.has_masks
        names = [quoted(name) for name in self.names]
        found = f"{count(len(names), 'concept')} named in the pictures: {listed(names[:NAMED])}"
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"{found}{more}; {sum(masked)} of them with masks."


def part(names: Sequence[str], grey: Callable[[int], bool]) -> tuple[list[int], list[int]]:
    """Return the positions of the pictures and of their masks among entries of an archive.

    `masks` is a folder of masks if all in it are PNG files of one channel (`grey`) and most are
    called like a picture beside it; else it is a class like any other.
    """
    top = _above(names)
    inside = [i for i, name in enumerate(names) if name[len(top) :].lower().startswith(FOLDER)]
    outside = sorted(set(range(len(names))) - set(inside))
    if not inside or not outside:
        return list(range(len(names))), []
    known = _Names([names[i] for i in outside])
    rests = [_bare(names[i][len(top) + len(FOLDER) :]) for i in inside]
    told = [known.find(rest) if known.find(rest) is not None else known.find(_below(rest))
            for rest in rests]  # fmt: skip
    are_masks = sum(one is not None for one in told) * 2 > len(told)
    if are_masks and all(names[i].lower().endswith(".png") and grey(i) for i in inside):
        return outside, inside
    return list(range(len(names))), []


def is_grey(head: bytes) -> bool:
    """Return whether the first 26 bytes of a PNG file say that it has one channel."""
    return head[:4] == b"\x89PNG" and len(head) > 25 and head[25] in {_GREY, _PALETTE}


def from_masks(
    pictures: Sequence[str], masks: Sequence[str], reads: Sequence[Callable[[], bytes]]
) -> tuple[Annotations, list[str]]:
    """Return what masks say of pictures, by the paths of both in the archive; and notes."""
    top, known = _above([*pictures, *masks]), _Names(pictures)
    rests = [_bare(name[len(top) + len(FOLDER) :]) for name in masks]
    is_one = all(known.find(rest) is not None for rest in rests)
    found: dict[tuple[int, str], Callable[[], bytes]] = {}
    lost = 0
    for rest, read in zip(rests, reads, strict=True):
        name, where = (ONLY, rest) if is_one else (rest.split("/", 1)[0], _below(rest))
        place = known.find(where)
        if place is None:
            lost += 1
        else:
            found[place, clean(name)] = read
    names = tuple(sorted({name for _, name in found}))
    _check(names)
    present = np.zeros((len(pictures), len(names)))
    kept = {(place, names.index(name)): read for (place, name), read in found.items()}
    for place, concept in kept:
        present[place, concept] = 1
    notes = [f"{count(lost, 'mask')} left out: no picture is called so."] if lost else []
    return Annotations(names, present, kept), notes


def from_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> Annotations | None:
    """Return the columns of 0 and 1 (rows are pictures, "" unknown), None if there is none."""
    names, columns = [], []
    for i, name in enumerate(header):
        words = [row[i].strip().casefold() if i < len(row) else "" for row in cells]
        if any(words) and set(words) <= _TRUE | _FALSE | {""}:
            names.append(clean(name))
            columns.append([1.0 if w in _TRUE else 0.0 if w in _FALSE else np.nan for w in words])
    if not names:
        return None
    _check(names)
    return Annotations(tuple(names), np.array(columns).T.copy())


def columns_of(schema: pa.Schema, image: str, label: str | None) -> list[str]:
    """Return the columns of a Parquet file that speak of concepts."""
    import pyarrow as pa  # noqa: PLC0415 - needed only here

    def speaks(part: pa.Field) -> bool:
        if pa.types.is_boolean(part.type):
            return True
        if pa.types.is_list(part.type) and pa.types.is_string(part.type.value_type):
            return normal(part.name) == "concepts"
        return is_mask_column(part)

    found = [p.name for p in schema if p.name not in {image, label} and speaks(p)]
    _check(found)
    return found


def is_mask_column(part: pa.Field) -> bool:
    """Return whether a column of bytes holds masks, by its name."""
    import pyarrow as pa  # noqa: PLC0415 - needed only here

    kind = part.type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return is_bytes and normal(part.name).split("_", 1)[0] in {"mask", "masks"}


def from_columns(columns: dict[str, list[Any]]) -> Annotations | None:
    """Return what the cells of such columns say, None if there is no column."""
    if not columns:
        return None
    said: dict[str, list[float]] = {}
    masks: dict[tuple[int, str], bytes] = {}
    for name, cells in columns.items():
        if any(isinstance(cell, list) for cell in cells):
            words = sorted({clean(str(word)) for cell in cells for word in cell or ()})
            for word in words:
                said[word] = [np.nan if cell is None else float(word in map(clean, cell))
                              for cell in cells]  # fmt: skip
        elif any(isinstance(cell, bytes | dict) for cell in cells):
            concept = clean(normal(name).partition("_")[2]) or ONLY
            data = [cell.get("bytes") if isinstance(cell, dict) else cell for cell in cells]
            said[concept] = [float(bool(one)) for one in data]
            masks |= {(i, concept): one for i, one in enumerate(data) if one}
        else:
            said[clean(name)] = [np.nan if cell is None else float(cell) for cell in cells]
    names = tuple(said)
    _check(names)
    kept = {(i, names.index(name)): _constant(data) for (i, name), data in masks.items()}
    return Annotations(names, np.array(list(said.values())).T.copy(), kept)


def joined(first: Annotations | None, second: Annotations | None) -> Annotations | None:
    """Return both; what the second says of whether a concept is there goes before the first."""
    if first is None or second is None:
        return first or second
    names = (*first.names, *(name for name in second.names if name not in first.names))
    _check(names)
    present = np.full((len(first.present), len(names)), np.nan)
    masks: dict[Place, Callable[[], bytes]] = {}
    for one in (first, second):
        to = [names.index(name) for name in one.names]
        known = np.isfinite(one.present)
        present[:, to] = np.where(known, one.present, present[:, to])
        masks |= {(place, to[c]): read for (place, c), read in one._masks.items()}  # noqa: SLF001 - its own kind
    return Annotations(names, present, masks)


class _Names:
    """Pictures by their path or, where it is the only one, by their plain name."""

    def __init__(self, pictures: Sequence[str]) -> None:
        top = _above(pictures)
        self._paths = {_bare(name): i for i, name in enumerate(pictures)}
        self._paths |= {_bare(name[len(top) :]): i for i, name in enumerate(pictures)}
        stems: dict[str, list[int]] = {}
        for i, name in enumerate(pictures):
            stems.setdefault(PurePosixPath(name).stem, []).append(i)
        self._stems = {stem: places[0] for stem, places in stems.items() if len(places) == 1}

    def find(self, rest: str) -> int | None:
        """Return the picture that a path without ending names."""
        found = self._paths.get(rest)
        return self._stems.get(rest) if found is None else found


def _above(names: Sequence[str]) -> str:
    """Return "set/" if every path lies below it."""
    tops = {name.split("/", 1)[0] for name in names}
    deep = all("/" in name for name in names)
    return f"{tops.pop()}/" if len(tops) == 1 and deep else ""


def _bare(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _below(rest: str) -> str:
    return rest.partition("/")[2]


def _constant(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _check(names: Iterable[str]) -> None:
    found = len(tuple(names))
    if found > MOST:
        raise RefusedFile(
            f"There are {found:,} concepts in the annotations; at most {MOST} are read."
        )
