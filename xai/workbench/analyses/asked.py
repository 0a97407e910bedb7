"""Labelled rows of any kind of classifier: what the model says, what its last layer reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from xai.analyses.encoder import Encoder
from xai.assets.rows import choose
from xai.errors import NotApplicable
from xai.methods import catalogue
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench import gaps, kinds, last_layer, tables
from xai.workbench.classifier import open_classifier
from xai.workbench.problems import probabilities

MOST = {catalogue.TABULAR: 5_000, catalogue.TEXT: 400, catalogue.IMAGES: 300}
"""Rows that are looked at: each text or picture costs a pass through a network."""
LEAST = 10
TITLE = 160


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """n labelled rows.

    Attributes
    ----------
    shares : array of shape (n, k), or values (n, 1) of a regression
    labels : array of shape (n,)
        Class codes, or values.
    hidden : array of shape (n, p) or None
        What the last linear layer reads, where the model has one that can be found.
    space : array of shape (n, q) or None
        Where neighbours are near: `hidden`, or a table's encoded columns.
    titles : tuple of str
        A word or two of each row; "" where there is none.
    of : int
        Labelled rows there are.
    """

    rows: Integers
    shares: Floats
    labels: Floats
    hidden: Floats | None
    space: Floats | None
    space_name: str
    titles: tuple[str, ...]
    outputs: tuple[str, ...]
    of: int


def ask(payload: Json, recipe: Recipe, progress: Progress) -> Asked:
    """Return labelled rows and what the model says of them.

    Raises
    ------
    NotApplicable
        If too few rows have a label.
    """
    found = _table(payload, recipe) if recipe.kind == catalogue.TABULAR else _units(
        payload, recipe, progress
    )  # fmt: skip
    if len(found.rows) < LEAST:
        raise NotApplicable(
            f"Only {len(found.rows)} rows have a label, and {LEAST} are needed to find odd ones."
        )
    return found


def _table(payload: Json, recipe: Recipe) -> Asked:
    opened = tables.opened_for(payload, recipe)
    if opened.labels is None:
        raise NotApplicable("No column holds the truth, so no label can be odd.")
    usable, _ = gaps.usable(opened.facts, opened.table)
    known = usable[np.isfinite(opened.labels[usable])]
    rows = _some(known, MOST[recipe.kind], recipe.seed)
    inputs = opened.table.matrix[rows]
    is_class = opened.facts.problem == "classification"
    shares = probabilities(opened, inputs) if is_class else opened.outputs(inputs)
    categorical = tuple(column.kind != "number" for column in opened.table.columns)
    read = getattr(opened.bound, "last_layer", None)
    return Asked(
        rows=rows,
        shares=shares,
        labels=opened.labels[rows],
        hidden=read(inputs) if read and is_class else None,
        space=Encoder(categorical).fit_transform(inputs),
        space_name="the columns, standardised",
        titles=("",) * len(rows),
        outputs=opened.facts.outputs,
        of=len(known),
    )


def _units(payload: Json, recipe: Recipe, progress: Progress) -> Asked:
    """Ask a network about texts or pictures."""
    module = kinds.load(recipe.kind)
    wide = replace(recipe, rows=f"sample:{MOST[recipe.kind]}", target="")
    layer = last_layer.last_linear(network, lambda: _first(module, payload, wide)) if (
        network := _network(module, payload)
    ) is not None else None  # fmt: skip
    with last_layer.recorded(layer) as tape:
        arrays, facts = module.predictions(payload, wide, (0, MOST[recipe.kind]), progress)
    if "labels" not in arrays:
        raise NotApplicable("The data hold no labels, so no label can be odd.")
    known = np.flatnonzero(np.isfinite(arrays["labels"]))
    shares = arrays["probabilities"][known]
    hidden = tape.of(shares) if layer is not None else None
    return Asked(
        rows=arrays["rows"][known],
        shares=shares,
        labels=arrays["labels"][known],
        hidden=hidden,
        space=hidden,
        space_name="what the last layer reads",
        titles=tuple(_title(facts["samples"][at]) for at in known),
        outputs=tuple(module.about(payload, recipe)["outputs"]),
        of=len(known),
    )


def _network(module: ModuleType, payload: Json) -> Json:
    if module.__name__.endswith("texts"):
        return open_classifier(payload["model"]).network
    return module.opened_for(payload).model.network


def _first(module: ModuleType, payload: Json, recipe: Recipe) -> None:
    module.predictions(payload, replace(recipe, rows="first:1"), (0, 1), lambda *_: None)


def _title(sample: Json) -> str:
    text = str(sample.get("text") or sample.get("name") or "")
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def _some(rows: Integers, most: int, seed: int) -> Integers:
    if len(rows) <= most:
        return rows
    kept: Integers = rows[choose(f"sample:{most}", len(rows), seed)]
    return kept
