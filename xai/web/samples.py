"""One sample as numbers: what the model says of it, and what every method says of that."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from xai.reports.method import MethodResult
from xai.reports.results import Results

Told = dict[str, Any]


def plain(values: Iterable[float]) -> list[float | None]:
    """Return numbers as JSON knows them; None where one is not defined."""
    return [float(value) if math.isfinite(value) else None for value in values]


def prediction(results: Results, at: int) -> Told:
    """Return what the model says of the explained row at this position."""
    found = results.predictions
    chance = None if found.probabilities is None else _one(found.probabilities[at])
    return {
        "sample": int(found.samples[at]),
        "target": str(found.targets[at]),
        "value": _one(found.values[at]),
        "probability": chance,
        "label": None if found.labels[at] is None else str(found.labels[at]),
        "predicted": str(found.predicted[at]),
        "is_correct": found.correct[at],
    }


def explanations(results: Results, sample: int) -> list[Told]:
    """Return what every method says of a row of the dataset, one entry per output."""
    found = []
    for method in results.local_methods():
        found += _ragged(method, sample) if method.is_ragged else _table(method, sample)
    return found


def _table(method: MethodResult, sample: int) -> list[Told]:
    places = (method.samples == sample).nonzero()[0]
    return [
        _entry(
            method,
            target=method.targets[at],
            names=list(method.names),
            values=plain(method.values[at]),
            shape=[len(method.names)],
            base=None if method.base is None else _one(method.base[at]),
            errors=None if method.error is None else plain(method.error[at]),
        )
        for at in places
    ]


def _ragged(method: MethodResult, sample: int) -> list[Told]:
    ragged = method.ragged
    found = []
    for at in ragged.of(sample):
        errors = ragged.error(at)
        found.append(
            _entry(
                method,
                target=ragged.targets[at],
                output=int(ragged.outputs[at]),
                names=ragged.names(at),
                values=plain(ragged.values(at)),
                shape=list(ragged.shape(at)),
                base=None if ragged.base is None else _one(ragged.base[at]),
                errors=None if errors is None else plain(errors),
            )
        )
    return found


def _entry(method: MethodResult, *, output: int = 0, **found: Any) -> Told:
    return {"method": method.slug, "title": method.title, "output": output, **found}


def _one(value: float) -> float | None:
    return plain([value])[0]
