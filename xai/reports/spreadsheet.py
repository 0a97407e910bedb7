"""CSV files for people, who open them in a spreadsheet: no cell of them can be a formula.

Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from xai.figures.parts import plain

_FIRST = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, in full width too."""


def cell(value: object) -> str:
    """Return a value as a cell: numbers as they are, text that begins like a formula with '."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = plain(str(value))
    # A space, a quote or a control character before it does not disarm a formula.
    begins = text.lstrip(" '\"\u00a0\ufeff")
    return f"'{text}" if begins.startswith(_FIRST) or str(value)[:1] in {"\t", "\r"} else text


def written(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a whole CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([cell(head) for head in heads])
    writer.writerows([cell(value) for value in row] for row in rows)
    return stream.getvalue()
