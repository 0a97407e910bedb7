"""Open an upload for the first time: what it is, what it offers, how fast it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from xai.assets.folder import FORMATS
from xai.assets.images import describe_images, is_images
from xai.assets.model import BoundModel, Feature, ModelFacts
from xai.assets.models import load_model
from xai.assets.sniff import expect, sniff
from xai.assets.table import Column
from xai.assets.tables import describe_table
from xai.errors import RefusedFile
from xai.vocabulary import Floats, Json, Progress

BATCHES = (1, 64, 1024)
TRIAL_SECONDS = 0.3


def inspect_model(payload: Json, _progress: Progress) -> Json:
    """Load a model, run it on made-up rows, and return its facts."""
    path = Path(payload["path"])
    form = sniff(path, payload.get("name", ""))
    expect(form, "model")
    if form in FORMATS:
        # Imported here: it brings torch, which tables do not need.
        from xai.workbench.networks import inspect_folder  # noqa: PLC0415

        return inspect_folder(path, form)
    if form in {"onnx", "onnx-zip"}:
        # Imported here, as above: onnxruntime is of no use to other models.
        from xai.workbench.graphs import inspect_graph, takes_pictures  # noqa: PLC0415

        if takes_pictures(path, form):
            return inspect_graph(path, form)
    model = load_model(path, form)
    columns = tuple(_invented(feature) for feature in model.facts.features)
    bound = model.bind(columns)
    rows = _invent(columns, max(BATCHES))
    facts = model.facts.as_json() | {"kind": "tabular", "format": form}
    facts["speed"] = [
        {"rows": batch, "per_second": _speed(bound, rows[:batch])} for batch in BATCHES
    ]
    facts["contribution_speed"] = _contribution_speed(bound, model.facts, rows[:256])
    ensemble = bound.ensemble() if "trees" in model.facts.capabilities else None
    if ensemble is not None:
        facts |= {"tree_work": ensemble.work, "tree_pace": ensemble.pace}
    return facts


def inspect_dataset(payload: Json, _progress: Progress) -> Json:
    """Read a table, texts or pictures, and return their facts."""
    path = Path(payload["path"])
    form = sniff(path, payload.get("name", ""))
    expect(form, "dataset")
    if is_images(path, form):
        return describe_images(path)
    return describe_table(path) | {"kind": "table", "format": form}


def _invented(feature: Feature) -> Column:
    if feature.kind == "category":
        return Column(feature.name, "category", tuple(map(str, feature.categories)) or ("a",))
    return Column(feature.name, "number")


def _invent(columns: tuple[Column, ...], rows: int) -> Floats:
    draw = np.random.default_rng(0)
    parts = [
        draw.integers(0, len(c.categories), rows).astype(np.float64)
        if c.kind == "category"
        else draw.normal(size=rows)
        for c in columns
    ]
    return np.stack(parts, axis=1)


def _speed(bound: BoundModel, rows: Floats) -> float:
    outputs = bound.outputs(rows)
    if len(rows) == max(BATCHES) and not np.isfinite(outputs).any():
        raise RefusedFile(
            "The model answers with NaN on every row that was tried, so there is nothing to "
            "explain. Check the export, and run the model on a few rows before you upload it."
        )
    return _per_second(lambda: bound.outputs(rows), len(rows))


def _contribution_speed(bound: BoundModel, facts: ModelFacts, rows: Floats) -> float | None:
    if "trees" not in facts.capabilities:
        return None
    targets = np.zeros(len(rows), dtype=np.int64)
    bound.contributions(rows[:2], targets[:2])
    return _per_second(lambda: bound.contributions(rows, targets), len(rows))


def _per_second(call: Callable[[], object], rows: int) -> float:
    began, calls = time.perf_counter(), 0
    while True:
        call()
        calls += 1
        spent = time.perf_counter() - began
        if spent > TRIAL_SECONDS:
            return round(calls * rows / spent, 1)
