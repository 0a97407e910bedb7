"""What measuring faithfulness costs beside the masks: explaining again, noise, random removals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xai.evaluation.faithfulness import foretold
from xai.methods import catalogue
from xai.methods.card import Size
from xai.vocabulary import Json

MOVES, MOVES_MOST = 9, 20_000
"""Explanations of one row of a table for max-sensitivity; evaluations that these may cost."""
RETOLD, RETOLD_MOST = 8, 30_000
"""Texts or pictures that a network explains again; evaluations that a method may cost there."""
MOVED, REDRAWN = 3, 3
"""How often each of them is explained moved, and with new weights."""
PARAMETERS_MOST = 400_000_000
"""Weights of a network that are kept twice while they are drawn anew."""
FILLED, NOISES = 16, 20
"""Evaluations of one mask of a table under its first baseline; of one method under noise."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A method that is measured, with its parameters."""

    method: str
    params: Mapping[str, Json]


def more(
    kind: str, methods: Sequence[Chosen], lanes: int, size: Size, model: Mapping[str, Json]
) -> tuple[dict[str, Json], int]:
    """Return the parameters of the job, and the evaluations of all further measures.

    Parameters
    ----------
    lanes : int
        Contestants: the methods and their other seeds.
    size : Size
        `rows` are those that are measured, `units` the players of a sample, of a table as well.
    """
    each = FILLED if kind == catalogue.TABULAR else 1
    planned = size.rows * foretold.passes(size.units) * each
    if kind == catalogue.TABULAR:
        params, cost = _of_rows(methods, size)
        return params, planned + cost + size.rows * NOISES * (lanes + 5)
    if kind in {catalogue.TEXT, catalogue.IMAGES} and "gradient" in model["capabilities"]:
        params, cost = _of_network(kind, methods, size, model)
        return params, planned + cost
    return {"moved": [], "unmoved": []}, planned


def _of_rows(methods: Sequence[Chosen], size: Size) -> tuple[dict[str, Json], int]:
    params: dict[str, Json] = {"moved": [], "unmoved": []}
    planned = 0
    for one in methods:
        card = catalogue.card(one.method, catalogue.TABULAR)
        cost = card.evaluations(one.params, replace(size, rows=MOVES))
        params["moved" if cost <= MOVES_MOST else "unmoved"].append(one.method)
        planned += size.rows * cost if cost <= MOVES_MOST else 0
    return params, planned


def _of_network(
    kind: str, methods: Sequence[Chosen], size: Size, model: Mapping[str, Json]
) -> tuple[dict[str, Json], int]:
    rows = min(RETOLD, size.rows)
    params: dict[str, Json] = {
        "moved": [], "unmoved": [], "redrawn": [], "retold": rows,
        "every": max(1, size.rows // max(rows, 1)),
    }  # fmt: skip
    is_small = int(model.get("parameters") or 0) <= PARAMETERS_MOST
    turns, planned = MOVED + (REDRAWN if is_small else 0), 0
    for one in methods:
        cost = catalogue.card(one.method, kind).evaluations(
            one.params, replace(size, rows=rows * turns)
        )
        if cost > RETOLD_MOST:
            params["unmoved"].append(one.method)
            continue
        planned += cost
        params["moved"].append(one.method)
        if is_small:
            params["redrawn"].append(one.method)
    return params, planned
