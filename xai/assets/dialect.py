"""How a text file writes its table: encoding, separator and decimal mark, judged by its start."""

from __future__ import annotations

import codecs
import csv
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from xai.assets.reading import CELL_LIMIT
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_BLANK = re.compile(r"\r\n|\r|\n")
_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What reading needs to know before the first cell.

    Attributes
    ----------
    encoding : str
        A Python codec that takes the byte-order mark away.
    header : tuple of str
        The first record, as written.
    blank_lines : int
        Lines without any character above the header.
    is_quoted_oddly : bool
        True where quotation marks do not come in pairs, so that one may be left open.
    """

    encoding: str
    separator: str
    decimal: str
    header: tuple[str, ...]
    blank_lines: int
    is_quoted_oddly: bool


def detect(path: Path) -> Dialect:
    """Look at the whole file once as bytes, and at its first megabyte as a table.

    Raises
    ------
    RefusedFile
        If the file is empty or no text.
    """
    encoding, quotes = _encoding(path)
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        is_whole = not file.read(1)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample)
    if not text.strip():
        raise RefusedFile("The file is empty. Upload a table with a first row of column names.")
    if not is_whole:
        # The last line of the sample is cut somewhere.
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    separator = _separator(text)
    start = list(_records(text, separator, 1000))
    if not start:
        raise RefusedFile(
            "The first row is longer than a row of column names can be. Save the table as CSV "
            "with the names of the columns in its first row."
        )
    decimal = "." if separator == "," else _decimal(start[1:])
    blank = len(_BLANK.findall(text[: len(text) - len(text.lstrip("\r\n"))]))
    return Dialect(encoding, separator, decimal, tuple(start[0]), blank, quotes % 2 == 1)


@contextmanager
def records(
    path: Path, dialect: Dialect, *, is_strict: bool
) -> Iterator[tuple[Iterator[list[str]], list[int]]]:
    """Read the file slowly but with exact line numbers, to explain what is wrong with it.

    Yields the records and a list of one number: the line on which the record last read begins.
    Strict reading stops at a quotation mark that is never closed.
    """
    with path.open(encoding=dialect.encoding, newline="") as file, _long_cells():
        reader = csv.reader(file, delimiter=dialect.separator, strict=is_strict)
        line = [1]
        yield _counted(reader, line), line


def _counted(reader: Any, line: list[int]) -> Iterator[list[str]]:
    for record in reader:
        if record:
            yield record
        line[0] = reader.line_num + 1


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(CELL_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _encoding(path: Path) -> tuple[str, int]:
    """Return the encoding, and the number of quotation marks in the file."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise RefusedFile("The text is UTF-32, which is not read here. Save the file as UTF-8.")
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", _decodes(file, "utf-16")
        is_marked = start.startswith(codecs.BOM_UTF8)
        for encoding in ("utf-8-sig" if is_marked else "utf-8", "cp1252", "latin-1"):
            file.seek(0)
            try:
                return encoding, _decodes(file, encoding)
            except UnicodeDecodeError:
                continue
    raise AssertionError("latin-1 decodes everything")


def _decodes(file: IO[bytes], encoding: str) -> int:
    decoder, quotes, done = codecs.getincrementaldecoder(encoding)(), 0, 0
    try:
        while chunk := file.read(SAMPLE):
            text = decoder.decode(chunk)
            if "\0" in text:
                raise RefusedFile(
                    f"The file holds a NUL byte (near byte {done + chunk.find(0):,}), so it is "
                    "not plain text. Save the table again as CSV in UTF-8."
                )
            quotes += text.count('"')
            done += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            raise RefusedFile("The UTF-16 text is damaged. Save the file as UTF-8.") from None
        raise
    return quotes


def _records(text: str, separator: str, limit: int) -> Iterator[list[str]]:
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            yield from islice(filter(None, reader), limit)
        except csv.Error:
            return


def _separator(text: str) -> str:
    """Return the separator that cuts most of the first records into as many cells as the header."""
    best, chosen = (0.0, 0), ","
    for separator in SEPARATORS:
        lengths = [len(record) for record in _records(text, separator, 100)]
        if not lengths or lengths[0] < 2:
            continue
        share = sum(length == lengths[0] for length in lengths[1:]) / max(len(lengths) - 1, 1)
        if (share, lengths[0]) > best:
            best, chosen = (share, lengths[0]), separator
    return chosen


def _decimal(records: list[list[str]]) -> str:
    """Return "," if numbers are written "3,14" and none is written "3.14"."""
    has_comma = False
    for record in records:
        for cell in record:
            if _POINT.fullmatch(cell):
                return "."
            has_comma = has_comma or bool(_COMMA.fullmatch(cell))
    return "," if has_comma else "."
