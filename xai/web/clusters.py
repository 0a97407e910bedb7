"""What the strategies page shows: the graph, its clusters, and the samples of a selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from xai.evaluation.strategies import Cluster, Strategies
from xai.figures.bars import Bar, draw, scale_of
from xai.figures.parts import signed
from xai.reports import explained, strategies
from xai.reports.drawn_strategies import around
from xai.reports.method import MethodResult
from xai.reports.phrasing import percent
from xai.reports.results import Results
from xai.vocabulary import Floats

PAGE = 40
"""Samples of a selection on one page."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds; "" is the usual.

    Attributes
    ----------
    around : str
        Corners of a free selection, as "x,y;x,y;x,y".
    """

    method: str = ""
    cluster: str = ""
    around: str = ""
    page: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> View:
        """Take the known words of an address."""
        return cls(**{field.name: query.get(field.name, "") for field in fields(cls)})

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes."""
        changed = replace(self, **{name: str(value) for name, value in changes.items()})
        chosen = {f.name: getattr(changed, f.name) for f in fields(changed)}
        return f"?{urlencode({name: value for name, value in chosen.items() if value})}"


def page(results: Results, methods: list[MethodResult], view: View) -> dict[str, Any]:
    """Return the graph of the method of the address, and what of it is selected."""
    method = next((m for m in methods if m.slug == view.method), methods[0])
    graph = strategies.of(results, method)
    context: dict[str, Any] = {"methods": methods, "method": method, "graph": graph}
    if graph is None:
        least = strategies.SAMPLES_LEAST if strategies.is_computed(results) else 0
        return context | {"least": least}
    chosen = selected(graph, view)
    return context | {
        "clusters": [_cluster(graph, one) for one in graph.clusters],
        "flagged": [one for one in graph.clusters if one.is_flagged],
        "habits": [
            {"unit": one.unit, "samples": one.samples, "prevalence": percent(one.prevalence),
             "reliability": "" if one.reliability is None else percent(one.reliability)}
            for one in graph.strategies
        ],
        "count": len(graph.samples),
        "total": len(results.predictions.samples),
        "chosen": None if chosen is None else _selection(results, method, graph, chosen, view),
    }  # fmt: skip


def selected(graph: Strategies, view: View) -> NDArray[np.bool_] | None:
    """Return which samples the address selects, or None if it selects none."""
    mine = None
    if view.cluster.isdigit() and len(view.cluster) < 9:
        mine = graph.cluster == int(view.cluster)
    elif view.around:
        mine = around(graph.places, view.around)
    return mine if mine is not None and mine.any() else None


def _cluster(graph: Strategies, one: Cluster) -> dict[str, Any]:
    near = [b if a == one.id else a for a, b, _weight in graph.edges if one.id in {a, b}]
    return {
        "cluster": one,
        "accuracy": "–" if one.accuracy is None else percent(one.accuracy),
        "units": [(name, signed(own), signed(rest)) for name, own, rest in one.units],
        "near": [graph.clusters[other].name for other in near],
    }


def _selection(
    results: Results,
    method: MethodResult,
    graph: Strategies,
    mine: NDArray[np.bool_],
    view: View,
) -> dict[str, Any]:
    where = np.flatnonzero(mine)
    known = graph.correct[where][np.isfinite(graph.correct[where])]
    last = max(1, -(-len(where) // PAGE))
    at = min(max(int(view.page), 1), last) if view.page.isdigit() and len(view.page) < 9 else 1
    number = int(view.cluster) if view.cluster.isdigit() else -1
    named = [one.name for one in graph.clusters if one.id == number]
    return {
        "name": named[0] if named else "",
        "size": len(where),
        "accuracy": percent(float(known.mean())) if len(known) else "",
        "units": _contrast(explained.contrast(strategies.vectors(results, method), mine)),
        "samples": [_sample(results, graph, int(i)) for i in where[(at - 1) * PAGE : at * PAGE]],
        "page_at": at,
        "last": last,
    }


def _contrast(units: list[tuple[str, float, float]]) -> list[dict[str, Any]]:
    pairs: Floats = np.array([[own, rest] for _name, own, rest in units]).reshape(-1, 2)
    scale = scale_of([pairs], signed=True)

    def entry(value: float) -> dict[str, Bar | str | None]:
        return {"bar": draw(value, scale, signed=True), "value": signed(value)}

    return [{"name": name, "own": entry(own), "rest": entry(rest)} for name, own, rest in units]


def _sample(results: Results, graph: Strategies, i: int) -> dict[str, Any]:
    sample, found = int(graph.samples[i]), results.predictions
    place = results.sample_index(sample)
    facts = results.samples.get(sample, {}) if results.kind != "tabular" else {}
    return {
        "sample": sample,
        "predicted": found.predicted[place],
        "label": found.labels[place],
        "correct": found.correct[place],
        "text": facts.get("text", ""),
        "jpeg": facts.get("jpeg", ""),
        "name": facts.get("name", ""),
        "dominant": graph.names[graph.dominant[i]] if graph.dominant[i] >= 0 else "",
        "purity": percent(float(graph.purity[i])),
    }
