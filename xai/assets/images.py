"""Sets of pictures: a zip with a folder for each class or a list of labels, or a Parquet file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xai.assets import sniff
from xai.assets.image_annotations import Annotations
from xai.assets.image_files import ParquetSource, Source, ZipSource, holds_pictures
from xai.assets.picture import BadPicture, decode, look
from xai.assets.table import Column, Table
from xai.assets.wording import clean, count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image

    from xai.vocabulary import Integers, Json

NAMED = 5
SHOWN = 10
LABEL = "label"


@dataclass(frozen=True, slots=True)
class Images:
    """The readable pictures of a set, decoded one by one when asked for.

    Attributes
    ----------
    names : tuple of str, length n
        Paths below the set's top folder.
    labels : tuple of str, length n, or None
        "" where a picture has none; None where the set has no labels.
    sizes : array of shape (n, 2)
        Width and height in pixels, upright.
    bad : tuple of (name, reason)
        Pictures of the file that are left out.
    annotations : Annotations or None
        Named concepts in the pictures, by masks or by columns.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...] | None
    sizes: Integers
    formats: tuple[str, ...]
    bad: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    annotations: Annotations | None
    _source: Source = field(repr=False)
    _places: tuple[int, ...] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of readable pictures."""
        return len(self.names)

    def __getitem__(self, position: int) -> Image:
        """Return one picture, upright, in red, green and blue.

        Raises
        ------
        RefusedFile
            If it turns out to be damaged inside.
        """
        try:
            return decode(self._source.read(self._places[position]))
        except BadPicture as error:
            raise RefusedFile(
                f"The picture {quoted(self.names[position])} {error}. Take it out of the file."
            ) from None

    @property
    def table(self) -> Table:
        """Return the labels as a table of one column, `label`, for `labels.label_codes`."""
        if self.labels is None:
            return Table((), np.zeros((len(self), 0)))
        words = sorted({label for label in self.labels if label})
        place = {word: float(code) for code, word in enumerate(words)}
        codes = [[place.get(label, np.nan)] for label in self.labels]
        return Table((Column(LABEL, "category", tuple(words)),), np.array(codes))


def read_images(path: Path) -> Images:
    """Look at every picture of a set; those that cannot be read are left out and named.

    Raises
    ------
    RefusedFile
        If the file is no set of pictures, is too large, or none of its pictures can be read.
    """
    source = _source(path)
    seen, bad = [], []
    for position, name in enumerate(source.names):
        try:
            seen.append((position, look(source.read(position))))
        except BadPicture as error:
            bad.append((clean(name), str(error)))
    named = listed([f"{quoted(name)} {reason}" for name, reason in bad[:NAMED]])
    if not seen:
        raise RefusedFile(f"No picture of this file can be read: {named}.")
    notes = list(source.notes)
    if bad:
        more = f" and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        notes.append(f"Left out {count(len(bad), 'picture')}: {named}{more}.")
    places = tuple(position for position, _ in seen)
    said = None if source.annotations is None else source.annotations.of(places)
    if said is not None:
        notes.append(said.note())
    return Images(
        names=_chosen(source.names, places),
        labels=None if source.labels is None else _chosen(source.labels, places),
        sizes=np.array([[s.width, s.height] for _, s in seen], dtype=np.int64),
        formats=tuple(s.format for _, s in seen),
        bad=tuple(bad),
        notes=tuple(notes),
        annotations=said,
        _source=source,
        _places=places,
    )


def describe_images(path: Path) -> dict[str, Json]:
    """Return the facts of a set of pictures, in the words of `tables.describe_table`.

    Raises
    ------
    RefusedFile
        As `read_images`.
    """
    images = read_images(path)
    labels = images.labels or ()
    classes = Counter(label for label in labels if label)
    areas = images.sizes.prod(axis=1)
    columns: list[dict[str, Json]] = []
    if images.labels is not None:
        columns.append({
            "name": LABEL,
            "kind": "category",
            "is_integer": False,
            "missing": labels.count(""),
            "distinct": len(classes),
            "categories": sorted(classes)[:50],
            "text": None,
            "low": None,
            "high": None,
            "mean": None,
            "balance": [[name, times] for name, times in classes.most_common(20)],
        })  # fmt: skip
    return {
        "kind": "images",
        "format": sniff.sniff(path),
        "rows": len(images),
        "column_count": len(columns),
        "columns": columns,
        "first_rows": [
            [clean(name), *labels[i : i + 1]] for i, name in enumerate(images.names[:SHOWN])
        ],
        "smallest": [int(side) for side in images.sizes[int(areas.argmin())]],
        "largest": [int(side) for side in images.sizes[int(areas.argmax())]],
        "formats": dict(Counter(images.formats)),
        "bad": len(images.bad),
        "notes": [clean(note, 500) for note in images.notes],
    }


def is_images(path: Path, form: str) -> bool:
    """Return whether a dataset of this format is a set of pictures."""
    return form == "images" or (form == "parquet" and holds_pictures(path))


def _source(path: Path) -> Source:
    found = sniff.sniff(path)
    if found == "images":
        return ZipSource(path)
    if found == "parquet" and holds_pictures(path):
        return ParquetSource(path)
    sniff.expect(found, "dataset")
    raise RefusedFile(
        f"This is {sniff.DATASETS[found]}, and pictures are asked for. Upload them as a .zip, with "
        "a folder for each class or with a labels.csv."
    )


def _chosen(values: Sequence[str], places: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(values[place] for place in places)
