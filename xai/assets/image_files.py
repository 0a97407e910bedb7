"""Where the pictures of a set lie: entries of a zip, or cells of a Parquet file, with labels."""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from xai.assets import image_annotations, image_lists
from xai.assets.archives import PICTURES
from xai.assets.image_annotations import Annotations, is_mask_column
from xai.assets.image_lists import LABELS
from xai.assets.names import normal
from xai.assets.picture import MOST_BYTES
from xai.assets.safety import check_zip
from xai.assets.wording import clean, count, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    import pyarrow as pa

MOST_PICTURES = 20_000
MOST_TOTAL = 1 << 30
LIST_BYTES = 32 << 20


class Source(Protocol):
    """Pictures by position, as bytes, with a name and perhaps a label each."""

    names: list[str]
    labels: list[str] | None
    notes: list[str]
    annotations: Annotations | None

    def read(self, position: int) -> bytes:
        """Return the bytes of one picture, b"" if they cannot be read."""


class ZipSource:
    """The pictures in a zip: a folder for each class, or a list of paths and labels."""

    def __init__(self, path: Path) -> None:
        check_zip(path)
        self._archive = zipfile.ZipFile(path)
        entries = [entry for entry in self._archive.infolist() if not _is_litter(entry)]
        for entry in entries:
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise RefusedFile(
                    f"The archive holds a link ({quoted(entry.filename)}). Zip the files."
                )
        pictures = sorted(
            (e for e in entries if e.filename.lower().endswith(PICTURES)), key=lambda e: e.filename
        )
        mine, masks = image_annotations.part(
            [e.filename for e in pictures],
            lambda i: image_annotations.is_grey(self._bytes(pictures[i], 26)),
        )
        self._entries = [pictures[i] for i in mine]
        _check_count(len(self._entries))
        names = [entry.filename for entry in self._entries]
        top = _common_folder(names)
        self.names = [name.removeprefix(top) for name in names]
        lists = [e for e in entries if e.filename.lower().endswith(".csv")]
        others = len(entries) - len(pictures) - len(lists)
        are = "is no picture" if others == 1 else "are no pictures"
        self.notes = [f"Left out {count(others, 'file')} that {are}."] if others else []
        chosen = image_lists.list_of_labels(lists)
        said = [e for e in lists if image_lists.base(e) == image_lists.CONCEPTS][:1]
        self.labels = self._listed(chosen, names) or _by_folder(self.names)
        said = [chosen, *said] if chosen else said
        self.annotations = self._annotations([pictures[i] for i in masks], said, names)

    def read(self, position: int) -> bytes:
        """Return the bytes of one entry, b"" if it cannot be unpacked."""
        return self._bytes(self._entries[position])

    def _bytes(self, entry: zipfile.ZipInfo, most: int = MOST_BYTES + 1) -> bytes:
        try:
            with self._archive.open(entry) as file:
                return file.read(most)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError,
                ValueError, OSError):  # fmt: skip
            # OSError: a place before the file's beginning, which a damaged directory may name.
            return b""

    def _annotations(
        self,
        masks: list[zipfile.ZipInfo],
        lists: list[zipfile.ZipInfo],
        names: list[str],
    ) -> Annotations | None:
        """Return what masks, further columns of the labels, and concepts.csv say."""
        found: Annotations | None = None
        if masks:
            reads = [partial(self._bytes, entry) for entry in masks]
            paths = [entry.filename for entry in masks]
            found, notes = image_annotations.from_masks(names, paths, reads)
            self.notes += notes
        for entry in lists:
            more = image_lists.concepts_of(self._list(entry), entry.filename, names)
            found = image_annotations.joined(found, more)
        return found

    def _list(self, entry: zipfile.ZipInfo) -> bytes:
        data = self._bytes(entry, LIST_BYTES + 1)
        if len(data) > LIST_BYTES:
            raise RefusedFile(f"{quoted(entry.filename)} is larger than {LIST_BYTES >> 20} MB.")
        return data

    def _listed(self, chosen: zipfile.ZipInfo | None, names: list[str]) -> list[str] | None:
        """Return the labels that a list gives to the paths."""
        if chosen is None:
            return None
        found = image_lists.labels_of(self._list(chosen), chosen.filename, names)
        lost = found.count("")
        if lost == len(found):
            raise RefusedFile(
                f"{quoted(chosen.filename)} names none of the pictures. Write the paths as they "
                "stand in the archive, in a column called path, and the labels in one called label."
            )
        if lost:
            self.notes.append(
                f"{count(lost, 'picture')} without a label in {quoted(chosen.filename)}."
            )
        return found


class ParquetSource:
    """The pictures in a column of bytes, as the datasets library writes them, or plain ones."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - needed only here

        try:
            self._read(path)
        except MemoryError:
            raise
        except (pa.ArrowException, OSError, ValueError):
            raise RefusedFile("The Parquet file is damaged. Write it again.") from None

    def _read(self, path: Path) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - needed only here

        with path.open("rb") as file:
            parquet = pq.ParquetFile(file, memory_map=False)
            schema = parquet.schema_arrow
            image = _image_column(schema)
            if image is None:
                raise RefusedFile("The Parquet file has no column of pictures.")
            _check_count(parquet.metadata.num_rows)
            label = next((n for n in schema.names if normal(n) in LABELS and n != image), None)
            said = image_annotations.columns_of(schema, image, label)
            others = said if label is None else [str(label), *said]
            self._data: list[bytes] = []
            self._total = 0
            self.names: list[str] = []
            found: dict[str, list[Any]] = {name: [] for name in others}
            for batch in parquet.iter_batches(256, columns=[image, *others], use_threads=False):
                self._take(batch.column(image).to_pylist())
                for name in others:
                    found[name] += batch.column(name).to_pylist()
                    self._weigh(found[name][-batch.num_rows :])
        self.labels = _named(found[label], label, schema) if label is not None else None
        self.annotations = image_annotations.from_columns({name: found[name] for name in said})
        self.notes: list[str] = []

    def read(self, position: int) -> bytes:
        """Return the bytes of one cell."""
        return self._data[position]

    def _take(self, cells: list[Any]) -> None:
        for cell in cells:
            inner = cell if isinstance(cell, dict) else {"bytes": cell}
            name = PurePosixPath(str(inner.get("path") or "")).name
            self.names.append(clean(name) or f"row {len(self._data)}")
            self._data.append(inner.get("bytes") or b"")
        _check_count(len(self._data))
        self._weigh(cells)

    def _weigh(self, cells: list[Any]) -> None:
        data = (cell.get("bytes") if isinstance(cell, dict) else cell for cell in cells)
        self._total += sum(len(one) for one in data if isinstance(one, bytes))
        if self._total > MOST_TOTAL:
            raise RefusedFile(
                f"The pictures weigh more than {MOST_TOTAL >> 30} GB. Upload a sample of them."
            )


def holds_pictures(path: Path) -> bool:
    """Return whether a Parquet file has a column of pictures."""
    import pyarrow as pa  # noqa: PLC0415 - needed only here
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            return _image_column(pq.read_schema(file)) is not None
    except (pa.ArrowException, OSError, ValueError):
        return False


def _image_column(schema: pa.Schema) -> str | None:
    """Return the first column of bytes: plain, or as an object with bytes and a path."""
    import pyarrow as pa  # noqa: PLC0415 - needed only here

    for part in sorted(schema, key=is_mask_column):
        kind = part.type
        if pa.types.is_struct(kind):
            parts = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
            kind = parts.get("bytes", kind)
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return str(part.name)
    return None


def _named(found: list[Any], label: str, schema: pa.Schema) -> list[str]:
    """Return labels as text; numbers by the names that the datasets library left in the file."""
    names: list[str] = []
    try:
        kept = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = [str(name) for name in kept["info"]["features"][label]["names"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        names = []
    return [
        names[value] if isinstance(value, int) and 0 <= value < len(names)
        else "" if value is None else clean(str(value))
        for value in found
    ]  # fmt: skip


def _by_folder(names: list[str]) -> list[str] | None:
    """Return the folder of each picture as its label; None if they all lie in one."""
    folders = [clean(PurePosixPath(name).parent.name) for name in names]
    return folders if len(set(folders)) > 1 and all(folders) else None


def _common_folder(names: list[str]) -> str:
    """Return "photos/" if every picture lies below it in the folders of their classes."""
    tops = {name.split("/", 1)[0] for name in names}
    deep = all(name.count("/") >= 1 for name in names)
    return f"{tops.pop()}/" if len(tops) == 1 and deep else ""


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    base = PurePosixPath(entry.filename).name
    return entry.is_dir() or entry.filename.startswith("__MACOSX/") or base.startswith(".")


def _check_count(pictures: int) -> None:
    if pictures > MOST_PICTURES:
        raise _too_many(pictures)
    if not pictures:
        raise RefusedFile("There is no picture in this file. Use PNG, JPEG or WebP.")


def _too_many(pictures: int) -> RefusedFile:
    return RefusedFile(
        f"There are {pictures:,} pictures; at most {MOST_PICTURES:,} are read. Upload a sample."
    )
