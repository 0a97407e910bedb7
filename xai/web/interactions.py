"""What the interactions page shows: the strongest features by features, and one row's pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from xai.figures.matrix import STEPS
from xai.figures.parts import number, signed
from xai.reports import interactions
from xai.reports.interactions import Strengths
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

FEATURES = 12
"""Features in the matrix: a wider one is no longer read, and the bundle has them all."""
PAIRS = 12
"""Pairs listed of all samples, and of one."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds; "" is the usual."""

    sample: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> View:
        """Take the known words of an address."""
        return cls(query.get("sample", ""))

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes."""
        return f"?{urlencode({'sample': changes.get('sample', self.sample)})}"


def page(results: Results, method: MethodResult, view: View) -> dict[str, Any]:
    """Return the matrix and the strongest pairs of all samples, and those of one."""
    known = [int(sample) for sample in results.predictions.samples]
    sample = int(view.sample) if view.sample in set(map(str, known)) else known[0]
    place, found = known.index(sample), interactions.strengths(method)
    return {
        "state": View(str(sample)),
        "notice": "" if view.sample in {"", str(sample)} else view.sample[:20],
        "matrix": _matrix(found, method.names),
        "strongest": _strongest(found, method.names),
        "hidden": max(0, len(method.names) - FEATURES),
        "previous": known[place - 1] if place else None,
        "next": known[place + 1] if place + 1 < len(known) else None,
        "of": len(known),
        "place": place + 1,
        **_sample(results, method, sample),
    }


def _matrix(found: Strengths, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the features of the largest sums of interactions, beside each other."""
    chosen = np.argsort(-found.size.sum(axis=1), kind="stable")[:FEATURES]
    high = max(float(found.size.max(initial=0.0)), 1e-300)
    rows = [
        {
            "name": names[i],
            "cells": [
                None
                if i == j
                else {
                    "size": number(float(found.size[i, j])),
                    "mean": signed(float(found.mean[i, j])),
                    "step": round(float(found.size[i, j]) / high * STEPS),
                }
                for j in chosen
            ],
        }
        for i in chosen
    ]
    return {"names": [names[i] for i in chosen], "rows": rows}


def _strongest(found: Strengths, names: tuple[str, ...]) -> list[dict[str, Any]]:
    first, second = np.triu_indices(len(names), 1)
    size, mean = found.size[first, second], found.mean[first, second]
    return [
        {
            "first": names[first[at]],
            "second": names[second[at]],
            "size": number(float(size[at])),
            "mean": signed(float(mean[at])),
        }
        for at in np.argsort(-size, kind="stable")[:PAIRS]
    ]


def _sample(results: Results, method: MethodResult, sample: int) -> dict[str, Any]:
    found, names = interactions.of_sample(method, sample), method.names
    shown = dict(zip(results.inputs.names, _display(results, sample), strict=True))
    first, second = np.triu_indices(len(names), 1)
    order = np.argsort(-np.abs(found.values), kind="stable")[:PAIRS]
    values: Floats = method.values[results.sample_index(sample)]
    return {
        "target": found.target,
        "is_exact": found.errors is None,
        "pairs": [
            {
                "first": _feature(names, shown, values, int(first[at])),
                "second": _feature(names, shown, values, int(second[at])),
                "value": signed(float(found.values[at])),
                "error": "" if found.errors is None else number(float(found.errors[at])),
            }
            for at in order
        ],
        "left": max(0, len(found.values) - PAIRS),
    }


def _display(results: Results, sample: int) -> tuple[str, ...]:
    return tuple(results.inputs.display(results.sample_index(sample)))


def _feature(
    names: tuple[str, ...], shown: Mapping[str, str], values: Floats, at: int
) -> dict[str, str]:
    name = names[at]
    return {"name": name, "shown": shown.get(name, ""), "value": signed(float(values[at]))}
