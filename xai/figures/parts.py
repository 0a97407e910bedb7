"""What every figure is made of: labels, packed arrays, axes, and the figure itself."""

from __future__ import annotations

import base64
import html
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xai.vocabulary import Json

Trace = dict[str, Any]

LABEL_LENGTH = 32
"""Longest label on an axis; the table beneath a figure has the whole name."""
ROW_HEIGHT, FRAME_HEIGHT = 26, 110
"""Pixels per row of a figure with one row per feature, and for its axis and title."""
_UNSAFE = {"Cc", "Cf", "Cs"}


def label(text: str, limit: int = LABEL_LENGTH) -> str:
    """Return text as Plotly must get it: without control signs, cut, its markup escaped.

    Plotly reads `<b>`, `<a href>` and more in every label; a column may be called so.
    """
    shown = plain(text)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    # Quotes stay: Plotly does not turn their escapes back, and here no attribute is near.
    return html.escape(shown, quote=False) or "(no name)"


def plain(text: str) -> str:
    """Return text without signs that are unseen or that turn what follows them around."""
    return "".join(sign for sign in text if unicodedata.category(sign) not in _UNSAFE)


def wrapped(text: str, width: int = 14) -> str:
    """Return a label on several lines."""
    lines = textwrap.wrap(text, width, break_long_words=True) or [text]
    return "<br>".join(label(line) for line in lines)


def pack(array: np.ndarray) -> dict[str, str]:
    """Return numbers as a typed array in base64: four bytes per number on the wire."""
    numbers = np.asarray(array, dtype="<f4")
    found = {"dtype": "f4", "bdata": base64.b64encode(numbers.tobytes()).decode("ascii")}
    if numbers.ndim == 2:
        found["shape"] = f"{numbers.shape[0]}, {numbers.shape[1]}"
    return found


def axis(title: str = "", **more: Json) -> dict[str, Any]:
    """Return an axis; names from the data must come through `ticks`."""
    return {"title": {"text": title}, "automargin": True, **more}


def ticks(names: Sequence[str]) -> dict[str, Any]:
    """Return one tick per name at 0, 1, 2…: two equal labels stay two rows."""
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [label(name) for name in names],
        "zeroline": False,
    }


def rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return a vertical axis with the first name on top."""
    return axis(**ticks(names), range=[len(names) - 0.5, -0.5], showgrid=False)


def paint(**roles: str) -> dict[str, dict[str, str]]:
    """Name colours by role: `paint(marker__color="raises")` colours `marker.color`."""
    return {"paint": {path.replace("__", "."): role for path, role in roles.items()}}


def figure(
    data: list[Trace],
    layout: Mapping[str, Any],
    *,
    finding: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    least: int = 0,
) -> dict[str, Any]:
    """Return a whole figure.

    Parameters
    ----------
    finding : str
        The sentence that says what the figure shows, for those who cannot see it.
    head, rows : sequences
        The table of its numbers, in plain text.
    least : int
        Pixels below which it is scrolled instead of squeezed.
    """
    base = {"hovermode": "closest", "showlegend": False, "height": 420}
    return {
        "data": data,
        "layout": base | dict(layout),
        "least": least,
        "finding": plain(finding),
        "table": {
            "head": [plain(word) for word in head],
            "rows": [[cell(item) for item in row] for row in rows],
        },
    }


def empty(finding: str) -> dict[str, Any]:
    """Return a figure without anything to draw: its sentence says why."""
    return figure([], {"height": 80}, finding=finding, head=[], rows=[])


def cell(value: Any) -> str:
    """Return a number or a word for a table."""
    if value is None:
        return "–"
    if isinstance(value, (bool, str)):
        return plain(str(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return number(float(value))


def number(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant digits and a true minus sign; a dash if none."""
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        decimals = max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
        text = f"{value:.{decimals}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−", 1) if value < 0 else text


def signed(value: float, digits: int = 3) -> str:
    """Return a number that always shows its sign."""
    return f"+{number(value, digits)}" if value > 0 else number(value, digits)


def height(rows: int) -> int:
    """Return the height of a figure with this many rows."""
    return FRAME_HEIGHT + ROW_HEIGHT * max(rows, 3)
