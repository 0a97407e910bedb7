"""Tables as Parquet: the footer is judged first, then rows are read in counted batches."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xai.assets.columns import Findings, from_categories, from_numbers
from xai.assets.reading import Reading, check_cells, check_size, checked_names
from xai.assets.table import BOOLEANS, Column, Table
from xai.assets.wording import count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from xai.vocabulary import Floats

# What a footer may promise of unpacked bytes; a bomb of zeros promises a thousand times more.
_BYTES = 4 << 30
_BATCH = 65_536
_DAMAGED = "The Parquet file is damaged and cannot be read. Write it again, or save it as CSV."


def read(path: Path) -> Reading:
    """Read a table from Parquet.

    Raises
    ------
    RefusedFile
        If it is damaged, too large, or has no column that a table can hold.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RefusedFile(_DAMAGED) from error


def strings(path: Path, names: tuple[str, ...]) -> dict[str, list[str | None]]:
    """Return the cells of some columns as text, None where there is none."""
    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file, memory_map=False)
            # The names of a table are cleaned; the file is asked by its own.
            own = {
                checked_names([name], Findings())[0]: name for name in parquet.schema_arrow.names
            }
            _check_footer(parquet.metadata, len(names))
            parts = _parts(parquet, [own[name] for name in names])
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise RefusedFile(_DAMAGED) from error
    return {
        name: pc.cast(pa.chunked_array(part), pa.string()).to_pylist()
        for name, part in zip(names, parts, strict=True)
    }


def _read(file: IO[bytes]) -> Reading:
    findings = Findings()
    schema = pq.read_schema(file)
    usable = [position for position, kind in enumerate(schema.types) if _is_plain(kind)]
    wanted = [position for position in usable if not schema.names[position].startswith("__index_")]
    _note_left_out(schema, wanted, findings)
    names = checked_names([schema.names[position] for position in wanted], findings)
    text = [schema.names[p] for p in wanted if _holds_text(schema.types[p])]
    parquet = pq.ParquetFile(file, read_dictionary=text, memory_map=False)
    _check_footer(parquet.metadata, len(names))
    parts = _parts(parquet, [schema.names[position] for position in wanted])
    columns: list[Column] = []
    matrix = np.empty((sum(len(part) for part in parts[0]), len(names)), order="F")
    for position, name in enumerate(names):
        cells = pa.chunked_array(parts[position], parts[position][0].type)
        parts[position] = []
        column, matrix[:, position] = _column(name, cells, findings)
        columns.append(column)
    return Reading(Table(tuple(columns), matrix), "parquet", notes=findings.sentences())


def _check_footer(metadata: pq.FileMetaData, columns: int) -> None:
    check_size(metadata.num_rows, columns)
    if not metadata.num_rows:
        raise RefusedFile("The Parquet file has columns but no rows.")
    promised = sum(
        metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
    )
    if promised > _BYTES:
        raise RefusedFile(
            "The Parquet file unpacks to more than 4 GB. Split it, or leave out columns of text."
        )


def _parts(parquet: pq.ParquetFile, names: list[str]) -> list[list[pa.Array]]:
    """Return for every column its pieces; stop at the first row beyond the promise."""
    parts: list[list[pa.Array]] = [[] for _ in names]
    rows, promised = 0, parquet.metadata.num_rows
    for batch in parquet.iter_batches(_BATCH, columns=names, use_threads=False):
        rows += batch.num_rows
        if rows > promised:
            break
        for position, name in enumerate(names):
            cells = batch.column(name)
            _check_text(name, cells)
            parts[position].append(cells)
    if rows != promised:
        raise RefusedFile(_DAMAGED)
    return parts


def _check_text(name: str, cells: pa.Array) -> None:
    words = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
    if _holds_text(words.type) and len(words):
        check_cells(name, words)


def _column(name: str, cells: pa.ChunkedArray, findings: Findings) -> tuple[Column, Floats]:
    kind = cells.type
    if pa.types.is_boolean(kind):
        return Column(name, "boolean", BOOLEANS), _floats(pc.cast(cells, pa.int8()))
    if pa.types.is_temporal(kind):
        findings.notes.append(
            f"Column {quoted(name)} holds dates or times; they are read as text. "
            "Turn them into numbers if the model expects numbers."
        )
        if pa.types.is_timestamp(kind):
            # Without its zone, so in UTC: naming others needs a database that may be absent.
            cells = pc.cast(cells, pa.timestamp(kind.unit))
        return from_categories(name, _dictionary(pc.cast(cells, pa.string())))
    if _holds_text(kind):
        return from_categories(name, _dictionary(cells))
    if pa.types.is_dictionary(kind):
        cells = pc.cast(cells, kind.value_type)
    # Rounding to 64-bit floats is noted where it matters, so the cast may be unsafe.
    return from_numbers(name, _floats(pc.cast(cells, pa.float64(), safe=False)), findings)


def _floats(cells: pa.ChunkedArray) -> Floats:
    values = pc.cast(cells, pa.float64(), safe=False).combine_chunks()
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _dictionary(cells: pa.ChunkedArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(cells.type):
        cells = pc.cast(cells, pa.string()).dictionary_encode()
    whole = cells.unify_dictionaries().combine_chunks()
    words = pc.cast(whole.dictionary, pa.string())
    # A writer may list the same word twice.
    again = words.dictionary_encode()
    return pa.DictionaryArray.from_arrays(again.indices.take(whole.indices), again.dictionary)


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
        pa.types.is_null, pa.types.is_timestamp, pa.types.is_date, pa.types.is_time,
    )  # fmt: skip
    return _holds_text(kind) or any(test(kind) for test in tests)


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _note_left_out(schema: pa.Schema, wanted: list[int], findings: Findings) -> None:
    """Name the columns that a table of numbers and words cannot hold; refuse if none is left."""
    out = [position for position in range(len(schema)) if position not in set(wanted)]
    named = [f"{quoted(schema.names[p])} ({quoted(str(schema.types[p]))})" for p in out]
    if not wanted:
        raise RefusedFile(
            "The Parquet file has no column of numbers or text"
            + (f": {listed(named)}. Flatten them to plain columns." if named else ".")
        )
    if out:
        findings.notes.append(
            f"Left out {count(len(out), 'column')} that "
            f"{'are' if len(out) > 1 else 'is'} no plain numbers or text, or only an index: "
            f"{listed(named)}."
        )
