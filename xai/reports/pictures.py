"""The figures of a run by name: from its results to a Plotly dictionary without colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from xai.evaluation.agreement import RANDOM
from xai.evaluation.catalogue import CATALOGUE
from xai.figures import (
    beeswarm,
    bump,
    counts,
    curves,
    dendrogram,
    dependence,
    distribution,
    lanes,
    nearness,
    waterfall,
)
from xai.figures.lanes import Groups
from xai.methods.catalogue import CATALOGUE as METHODS
from xai.reports import analyses, drawn_strategies
from xai.reports.concepts import curve_of, method_of
from xai.reports.findings import OUTPUT
from xai.reports.results import MethodResult, Results
from xai.reports.side_by_side import lanes_of_importance, rows_of
from xai.vocabulary import Floats

Query = Mapping[str, str]
Drawn = dict[str, Any]


def draw(results: Results, name: str, query: Query) -> Drawn:
    """Return the figure of this name.

    Parameters
    ----------
    query : mapping
        What the figure wants to know: method, feature, colour, target, sample, measure, a, b.

    Raises
    ------
    KeyError, ValueError
        If there is no such figure, method, feature, sample or pair.
    """
    if name not in FIGURES:
        return analyses.draw(results, name, query)
    return FIGURES[name](results, query)


def _bump(results: Results, query: Query) -> Drawn:
    features = results.inputs.names
    found = [lane for lane in lanes_of_importance(results, query.get("target", ""))
             if not lane.is_control]  # fmt: skip
    places = np.array([lanes.places(lane, len(features)) for lane in found])
    return bump.draw([lane.title for lane in found], features, places)


def _beeswarm(results: Results, query: Query) -> Drawn:
    method = _local(results, query["method"])
    rows = rows_of(method, query.get("target", ""))
    colours = _colours(results, method)[rows]
    return beeswarm.draw(method.names, method.values[rows], colours, method.unit)


def _dependence(results: Results, query: Query) -> Drawn:
    method = _local(results, query["method"])
    rows = rows_of(method, query.get("target", ""))
    unit = method.names.index(query["feature"])
    (feature,) = _members(method)[unit]
    column, colour = _column(results, method, feature, rows), None
    if query.get("colour"):
        other = results.inputs.names.index(query["colour"])
        colour = _column(results, method, other, rows)
    values = method.values[rows, unit].astype(np.float64)
    return dependence.draw(column, values, colour, method.unit)


def _waterfall(results: Results, query: Query) -> Drawn:
    method, sample = _local(results, query["method"]), int(query["sample"])
    position = results.sample_index(sample)
    if method.base is None:
        raise ValueError("this method has no base value")
    display = results.inputs.display(position)
    shown = [display[group[0]] if len(group) == 1 else "" for group in _members(method)]
    values = method.values[position].astype(np.float64)
    return waterfall.draw(method.names, shown, values, float(method.base[position]), method.unit)


def _dendrogram(results: Results, query: Query) -> Drawn:
    method = results.method(query["method"])
    links = np.array(method.notes["linkage"], dtype=float).reshape(-1, 4)
    cut = 1 - float(method.params["threshold"])
    return dendrogram.draw(results.inputs.names, links, cut, "1 − |Spearman's ρ|")


def _pair(results: Results, query: Query) -> Drawn:
    measure, a, b = CATALOGUE[query["measure"]], query["a"], query["b"]
    summary = _summary(results, measure.slug, a, b)
    values = _per_sample(results.folders["agreement"], measure.slug, summary["a"], summary["b"])
    title = f"{measure.title}, {results.title(a)} and {results.title(b)}"
    return distribution.draw(values, title, (measure.low, measure.high), _interval(summary))


def _concordance(results: Results, _query: Query) -> Drawn:
    agreement = _agreement(results)
    values = np.array([s["w"] for s in agreement["samples"]], dtype=float)
    return distribution.draw(values, "Kendall's W", (0.0, 1.0), _interval(agreement["w"]))


def _nearness(results: Results, query: Query) -> Drawn:
    found, measure = _agreement(results), CATALOGUE[query["measure"]]
    slugs = [*found["methods"], RANDOM]
    table = np.eye(len(slugs))
    for i, a in enumerate(slugs):
        for j, b in enumerate(slugs[:i]):
            mean = _summary(results, measure.slug, a, b)["mean"]
            table[i, j] = table[j, i] = np.nan if mean is None else mean
    titles = [results.contestant(slug) for slug in slugs]
    return nearness.draw(titles, [_role(slug) for slug in slugs], table, measure.title)


def _curves(results: Results, query: Query) -> Drawn:
    found, way = results.faithfulness, query["way"]
    if found is None or way not in {"deletion", "insertion"}:
        raise KeyError(way)
    baseline = query.get("baseline") or found["baseline"]
    lines = [
        curves.Curve(
            title=results.contestant(one["method"]),
            role=_role(one["method"]),
            mean=one[way],
            low=one[f"{way}_low"],
            high=one[f"{way}_high"],
            is_reference=one["method"] not in found["methods"],
            is_band=one["method"] == RANDOM,
        )
        for one in found["curves"]
        if one["baseline"] == baseline
    ]
    return curves.draw(found["steps"], lines, way, OUTPUT.get(results.unit, "the output"))


def _counts(results: Results, query: Query) -> Drawn:
    method = method_of(results)
    if method is None:
        raise KeyError("concepts")
    return counts.draw(curve_of(method, query.get("target", "")), int(method.params["concepts"]))


def _strategies(results: Results, query: Query) -> Drawn:
    words = (query.get(name, "") for name in ("cluster", "around"))
    return drawn_strategies.graph(results, query["method"], *words)


def _units(results: Results, query: Query) -> Drawn:
    return drawn_strategies.units(results, query["method"])


def _role(slug: str) -> str:
    return f"method-{METHODS[slug].colour}" if slug in METHODS and slug != RANDOM else "muted"


FIGURES: dict[str, Callable[[Results, Query], Drawn]] = {
    "bump": _bump,
    "beeswarm": _beeswarm,
    "dependence": _dependence,
    "waterfall": _waterfall,
    "dendrogram": _dendrogram,
    "pair": _pair,
    "concordance": _concordance,
    "curves": _curves,
    "counts": _counts,
    "nearness": _nearness,
    "strategies": _strategies,
    "units": _units,
}


def _per_sample(folder: Path, measure: str, a: str, b: str) -> Floats:
    """Return one measure of one pair on every sample; NaN where undefined."""
    wanted = [("measure", "=", measure), ("a", "=", a), ("b", "=", b)]
    table = pq.read_table(folder / "agreement.parquet", columns=["value"], filters=wanted)
    return np.asarray(table.column("value").to_numpy(), dtype=np.float64)


def _interval(summary: Mapping[str, Any]) -> tuple[float, float, float]:
    mean, low, high = (
        float("nan") if summary[key] is None else float(summary[key])
        for key in ("mean", "low", "high")
    )
    return mean, low, high


def _members(method: MethodResult) -> Groups:
    return method.members or tuple((unit,) for unit in range(len(method.names)))


def _local(results: Results, slug: str) -> MethodResult:
    method = results.method(slug)
    if method.scope != "local":
        raise ValueError(f"{slug} explains the model as a whole")
    return method


def _agreement(results: Results) -> dict[str, Any]:
    if results.agreement is None:
        raise KeyError("agreement")
    return results.agreement


def _summary(results: Results, measure: str, a: str, b: str) -> dict[str, Any]:
    for pair in _agreement(results)["pairs"]:
        if pair["measure"] == measure and {pair["a"], pair["b"]} == {a, b}:
            return dict(pair)
    raise KeyError(f"{a}, {b}")


def _colours(results: Results, method: MethodResult) -> Floats:
    """Return the value of each unit's feature; NaN for groups and for words without an order."""
    inputs = results.inputs
    rows = [results.sample_index(int(sample)) for sample in method.samples]
    found = np.full((len(rows), len(method.names)), np.nan)
    for unit, group in enumerate(_members(method)):
        if len(group) == 1 and not inputs.category_names(group[0]):
            found[:, unit] = inputs.numbers[rows, group[0]]
    return found


def _column(
    results: Results, method: MethodResult, feature: int, rows: np.ndarray
) -> dependence.Column:
    at = [results.sample_index(int(sample)) for sample in method.samples[rows]]
    words = tuple(map(str, results.inputs.category_names(feature)))
    return dependence.Column(
        results.inputs.names[feature], results.inputs.numbers[at, feature], words
    )
