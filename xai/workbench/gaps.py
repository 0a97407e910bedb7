"""Missing values where the model takes none: kept out of the background, refused among the rows.

A model that does not know missing values either fails on them or, worse, answers with a number
that means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.assets.wording import count, listed, quoted
from xai.errors import RefusedFile, XaiError

if TYPE_CHECKING:
    from xai.assets.model import BoundModel, ModelFacts
    from xai.assets.table import Table
    from xai.vocabulary import Integers

TRIED = 100
"""Rows with gaps on which a model that may raise is tried."""


def usable(facts: ModelFacts, table: Table) -> tuple[Integers, list[str]]:
    """Return the rows that may stand in the background, and a note if others may not.

    Raises
    ------
    RefusedFile
        If every row has a gap, and the model takes none.
    """
    rows = np.arange(len(table.matrix), dtype=np.int64)
    if "missing" in facts.capabilities:
        return rows, []
    has_gap = np.isnan(table.matrix).any(axis=1)
    if not has_gap.any():
        return rows, []
    if has_gap.all():
        raise RefusedFile(
            f"This model takes no missing values, and every row has some, {_where(table)}. "
            "Fill them in the data, or put an imputer into the model."
        )
    number = int(has_gap.sum())
    note = (
        f"{count(number, 'row')} with missing values ({_where(table)}) "
        f"{'is' if number == 1 else 'are'} not in the background: this model takes none."
    )
    return rows[~has_gap], [note]


def check(facts: ModelFacts, bound: BoundModel, table: Table, chosen: Integers) -> None:
    """Refuse chosen rows with gaps if the model does not take them.

    Raises
    ------
    RefusedFile
        With the number of rows and the columns.
    """
    if "missing" in facts.capabilities:
        return
    gaps = chosen[np.isnan(table.matrix[chosen]).any(axis=1)]
    if not len(gaps) or _runs(facts, bound, table, gaps):
        return
    raise RefusedFile(
        f"This model takes no missing values, and {len(gaps)} of {count(len(chosen), 'row')} to "
        f"explain {'has' if len(gaps) == 1 else 'have'} some, the first is row {gaps[0]} "
        f"({_where(table, gaps)}). Fill them in the data, put an imputer into the model, or "
        "choose other rows."
    )


def _runs(facts: ModelFacts, bound: BoundModel, table: Table, gaps: Integers) -> bool:
    """Scikit-learn says so when it takes no gap; the others answer with a meaningless number."""
    if facts.format != "skops":
        return False
    try:
        return bool(np.isfinite(bound.outputs(table.matrix[gaps[:TRIED]])).all())
    except XaiError:
        return False


def _where(table: Table, rows: Integers | None = None) -> str:
    matrix = table.matrix if rows is None else table.matrix[rows]
    holed = np.flatnonzero(np.isnan(matrix).any(axis=0))
    names = listed([quoted(table.columns[i].name) for i in holed], 3)
    return f"in column{'' if len(holed) == 1 else 's'} {names}"
