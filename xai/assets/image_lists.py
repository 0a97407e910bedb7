"""The lists in a zip of pictures: labels.csv with paths and labels, and columns of concepts."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from xai.assets.image_annotations import Annotations, from_table
from xai.assets.names import normal
from xai.assets.wording import clean, listed, quoted
from xai.errors import RefusedFile

PATHS = ("path", "file_name", "filename", "file", "image", "name")
LABELS = ("label", "class", "target", "category", "labels")
CONCEPTS = "concepts.csv"


def list_of_labels(lists: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """Return labels.csv, or the only list there is; concepts.csv is none."""
    others = [entry for entry in lists if base(entry) != CONCEPTS]
    named = [entry for entry in others if base(entry) == "labels.csv"]
    return named[0] if named else others[0] if len(others) == 1 else None


def base(entry: zipfile.ZipInfo) -> str:
    """Return the plain name of an entry, in small letters."""
    return PurePosixPath(entry.filename).name.lower()


def labels_of(data: bytes, name: str, pictures: Sequence[str]) -> list[str]:
    """Return the label of each picture, "" where the list names none.

    Raises
    ------
    RefusedFile
        If the list has no columns of paths and labels.
    """
    header, rows = _lines(data, name)
    path, label = _column(header, PATHS), _column(header, LABELS)
    if path < 0 or label < 0:
        raise RefusedFile(
            f"{quoted(name)} has no columns called path and label; its first line is: "
            f"{listed([quoted(part) for part in header], 6) if header else 'empty'}."
        )
    wide = max(path, label)
    kept = [row for row in rows if len(row) > wide]
    found = _by_paths([row[path].strip() for row in kept], name, pictures)
    return ["" if at is None else clean(kept[at][label].strip()) for at in found]


def concepts_of(data: bytes, name: str, pictures: Sequence[str]) -> Annotations | None:
    """Return what the columns of 0 and 1 of a list say of each picture.

    Raises
    ------
    RefusedFile
        If the list has no column of paths.
    """
    header, rows = _lines(data, name)
    path = _column(header, PATHS)
    if path < 0:
        raise RefusedFile(f"{quoted(name)} has no column called path.")
    kept = [row for row in rows if len(row) > path]
    found = _by_paths([row[path].strip() for row in kept], name, pictures)
    others = [i for i in range(len(header)) if i not in {path, _column(header, LABELS)}]
    cells = [
        ["" if at is None or i >= len(kept[at]) else kept[at][i] for i in others] for at in found
    ]
    return from_table([header[i] for i in others], cells)


def _lines(data: bytes, name: str) -> tuple[list[str], list[list[str]]]:
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace")))
    try:
        rows = [row for row in reader if row]
    except csv.Error:
        raise RefusedFile(
            f"{quoted(name)} is no list of commas and lines. Save it as CSV."
        ) from None
    return (rows[0], rows[1:]) if rows else ([], [])


def _column(header: Sequence[str], names: tuple[str, ...]) -> int:
    words = [normal(part) for part in header]
    return next((words.index(name) for name in names if name in words), -1)


def _by_paths(paths: Sequence[str], name: str, pictures: Sequence[str]) -> list[int | None]:
    """Return the line of each picture: by its path, or by its plain name where all differ."""
    folder = PurePosixPath(name).parent
    by_path = {str(folder / path): at for at, path in enumerate(paths)}
    by_name = {PurePosixPath(path).name: at for at, path in enumerate(paths)}
    is_plain = len(by_name) == len(paths)
    return [
        by_path.get(one, by_name.get(PurePosixPath(one).name) if is_plain else None)
        for one in pictures
    ]
