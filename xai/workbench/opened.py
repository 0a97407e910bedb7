"""A model bound to a dataset: opened once per child, then served shard after shard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from xai.assets import matching
from xai.assets.model import BoundModel, ModelFacts, TabularModel
from xai.assets.models import load_model
from xai.assets.rows import choose
from xai.assets.table import Table
from xai.assets.tables import read_table
from xai.errors import InvalidParameter, XaiError
from xai.vocabulary import Floats, Integers, Recipe
from xai.workbench import gaps

REFERENCE_ROWS = 2_000
BATCH = 65_536
"""Rows per call of the model: large enough to be fast, small enough to stay in memory."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What every shard of a recipe needs.

    Attributes
    ----------
    table : Table
        The model's features only, in its order.
    chosen : array of shape (n,)
        Positions of the chosen rows in the dataset.
    labels : array of shape (rows,) or None
        Class index or value, for every row of the dataset.
    """

    facts: ModelFacts
    bound: BoundModel
    table: Table
    chosen: Integers
    background: Floats
    reference: Floats
    labels: Floats | None
    notes: tuple[str, ...]

    def outputs(self, rows: Floats) -> Floats:
        """Return the model's outputs, shape (m, k), in batches; refuse what is not a number."""
        parts = [
            self.bound.outputs(rows[start : start + BATCH])
            for start in range(0, max(len(rows), 1), BATCH)
        ]
        outputs = np.asarray(np.concatenate(parts), dtype=np.float64)
        bad = ~np.isfinite(outputs).all(axis=1)
        if bad.any():
            raise XaiError(
                f"The model answers with NaN or infinity for {bad.sum()} of {len(rows)} rows, "
                "so nothing can be explained there. Check the model on this data."
            )
        return outputs

    def targets(self, outputs: Floats, target: str) -> Integers:
        """Return the explained output of each row: the predicted class, or the named one."""
        names = self.facts.outputs
        if self.facts.problem == "regression" or not target:
            return np.asarray(outputs.argmax(axis=1), dtype=np.int64)
        if target not in names:
            raise InvalidParameter(
                f"The model has no output {target!r}; it has: {', '.join(names[:20])}."
            )
        return np.full(len(outputs), names.index(target), dtype=np.int64)


@lru_cache(maxsize=2)
def load(path: str, form: str) -> TabularModel:
    """Load a model once per child."""
    return load_model(Path(path), form)


@lru_cache(maxsize=2)
def read(path: str) -> Table:
    """Read a dataset once per child."""
    return read_table(Path(path))


def open_recipe(model: str, form: str, dataset: str, recipe: Recipe) -> Opened:
    """Load, match and bind; the last recipe stays open."""
    key = (model, form, dataset, repr(recipe.as_json()))
    if key not in _open:
        _open.clear()
        _open[key] = bind(load(model, form), read(dataset), recipe)
    return _open[key]


_open: dict[tuple[str, ...], Opened] = {}


def bind(
    model: TabularModel, whole: Table, recipe: Recipe, *, every_usable: bool = False
) -> Opened:
    """Match a model with a table and bind it.

    Parameters
    ----------
    every_usable : bool
        Choose all rows that the model takes, instead of those of the recipe.
    """
    facts = model.facts
    match = matching.match(
        facts.features,
        whole.columns,
        has_names=facts.has_names,
        order=recipe.features,
        label=recipe.label,
    )
    columns = tuple(whole.columns[i] for i in match.indices)
    table = Table(columns, np.ascontiguousarray(whole.matrix[:, list(match.indices)]))
    bound = model.bind(columns)
    usable, notes = gaps.usable(facts, table)
    chosen = usable if every_usable else choose(recipe.rows, len(table.matrix), recipe.seed)
    if not every_usable:
        gaps.check(facts, bound, table, chosen)
    draw = np.random.default_rng([recipe.seed, 1])
    background = usable[np.sort(draw.permutation(len(usable))[: recipe.background])]
    reference = usable[np.sort(draw.permutation(len(usable))[:REFERENCE_ROWS])]
    return Opened(
        facts=facts,
        bound=bound,
        table=table,
        chosen=chosen,
        background=table.matrix[background],
        reference=table.matrix[reference],
        labels=_labels(whole, facts, recipe.label),
        notes=(*match.notes, *notes),
    )


def _labels(table: Table, facts: ModelFacts, label: str) -> Floats | None:
    if not label:
        return None
    return matching.label_codes(table, label, facts.outputs, facts.problem)
