"""All samples together: what the global page and the agreement page show, by their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from xai.analyses.rankings import MEASURES
from xai.evaluation import chance
from xai.evaluation.catalogue import CATALOGUE
from xai.figures import matrix
from xai.figures.lanes import arrange, scales
from xai.figures.parts import number
from xai.reports import importances
from xai.reports.results import MethodResult, Results
from xai.reports.side_by_side import lanes_of_importance, targets
from xai.web.comparison import FEW, ORDERS, TOP

PAGE = 25
"""Samples per page of the list from most to least disputed."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds of the global or the agreement page; "" is the usual."""

    target: str = ""
    order: str = ""
    scale: str = ""
    all: str = ""
    method: str = ""
    feature: str = ""
    colour: str = ""
    measure: str = ""
    baseline: str = ""
    a: str = ""
    b: str = ""
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


def importance(results: Results, view: View, *, few: int = FEW, most: int = TOP) -> dict[str, Any]:
    """Return the lanes of global importance, as rows of a table.

    Parameters
    ----------
    few, most : int
        Of more than `few` features only the `most` strongest by consensus are shown.
    """
    target = view.target if view.target in targets(results) else ""
    lanes = lanes_of_importance(results, target)
    names, is_own = results.inputs.names, view.scale == "own"
    order = view.order if view.order in {*ORDERS, *(lane.slug for lane in lanes)} else "consensus"
    rows = arrange(names, lanes, order=order, is_own_scale=is_own)
    kept = rows
    if not view.all and len(rows) > few:
        top = {row.feature for row in arrange(names, lanes)[:most]}
        kept = [row for row in rows if row.feature in top]
    ends = scales(lanes, is_own)
    heads = [
        {"lane": lane, "scale": f"0 to {number(scale.high)}"}
        for lane, scale in zip(lanes, ends, strict=True)
    ]
    return {"heads": heads, "rows": kept, "hidden": len(rows) - len(kept), "order": order}


def drawings(results: Results, view: View) -> dict[str, Any]:
    """Return what the figures of the global page are drawn for, and the choices."""
    methods = results.local_methods()
    chosen = next((m for m in methods if m.slug == view.method), methods[0] if methods else None)
    if chosen is None:
        return {"methods": []}
    single = _single(chosen, results)
    strongest = [row.name for row in arrange(results.inputs.names, lanes_of_importance(results))]
    features = [name for name in strongest if name in single]
    feature = view.feature if view.feature in features else next(iter(features), "")
    others = [name for name in strongest if name != feature]
    colour = view.colour if view.colour in {*others, "-"} else next(iter(others), "-")
    found = targets(results)
    return {
        # Signs mean different things for different outputs: never two in one figure.
        "target": view.target if view.target in found or len(found) < 2 else next(iter(found)),
        "methods": methods,
        "method": chosen,
        "features": features,
        "feature": feature,
        "others": others,
        "colour": colour,
        "grouped": next((m for m in methods if m.members and "linkage" in m.notes), None),
    }


def stories(results: Results) -> list[dict[str, Any]]:
    """Return how alike the importances of the page are, as cells of a table."""
    return [
        {**pair, "cells": [importances.cell(pair[measure]) for measure in MEASURES]}
        for pair in importances.compare(results)
    ]


def agreement(results: Results, view: View) -> dict[str, Any]:
    """Return the matrix of one measure, its reference rows, and the selected pair."""
    found = results.agreement or {}
    # An earlier version of the product knew fewer measures than the catalogue has now.
    known = {pair["measure"] for pair in found["pairs"]} | {found["default"]}
    measures = {slug: card for slug, card in CATALOGUE.items() if slug in known}
    measure = measures.get(view.measure) or measures[found["default"]]
    pairs = [pair for pair in found["pairs"] if pair["measure"] == measure.slug]
    slugs = found["methods"]
    rows = matrix.draw(slugs, slugs, pairs, measure.high)
    itself = [matrix.draw([s], [f"self:{s}"], pairs, measure.high)[0][0] for s in slugs]
    exact = {pair["a"] for pair in pairs if pair.get("deterministic")}
    titles = {slug: results.title(slug) for slug in slugs}
    return {
        "measure": measure,
        "measures": measures.values(),
        "columns": [(slug, titles[slug]) for slug in slugs],
        "rows": [(slug, titles[slug], cells) for slug, cells in zip(slugs, rows, strict=True)],
        "random": matrix.draw(["random"], slugs, pairs, measure.high)[0],
        "itself": [(cell, slug in exact) for slug, cell in zip(slugs, itself, strict=True)],
        "undefined": _undefined(pairs, titles),
        "chance": _chance(found, measure.slug),
        "pair": _pair(pairs, view),
    }


def disputed(results: Results, view: View) -> dict[str, Any]:
    """Return one page of the samples from most to least disputed, and the disputed units."""
    found = results.agreement or {}
    samples = found["samples"]
    last = max(1, -(-len(samples) // PAGE))
    page = min(max(int(view.page), 1), last) if view.page.isdigit() and len(view.page) < 9 else 1
    start = (page - 1) * PAGE
    return {
        "samples": [
            {**row, "rank": start + i + 1} for i, row in enumerate(samples[start : start + PAGE])
        ],
        "count": len(samples),
        "page": page,
        "pages": last,
        "units": found["disputed_units"][:10],
        "w": found["w"],
    }


def _single(method: MethodResult, results: Results) -> set[str]:
    """Return the features to which a method gives a value of their own."""
    if method.members is None:
        return set(method.names)
    alone = zip(method.names, method.members, strict=True)
    return {name for name, group in alone if len(group) == 1} & set(results.inputs.names)


def _undefined(pairs: list[dict[str, Any]], titles: Mapping[str, str]) -> list[str]:
    """Say for which pairs the measure does not exist on some samples."""
    return [
        f"{titles[pair['a']]} and {titles[pair['b']]}: {pair['undefined']} of "
        f"{pair['undefined'] + pair['samples']} samples"
        for pair in pairs
        if pair["undefined"] and pair["a"] in titles and pair["b"] in titles
    ]


def _chance(found: Mapping[str, Any], measure: str) -> dict[str, Any]:
    """Return what two unrelated orders of these units give, and what one sample must show."""
    units, k = int(found.get("width") or len(found["units"])), int(found["k"])
    mean = chance.expected(measure, units, k) if units >= 2 else None
    if mean is None:
        return {}
    least = chance.least_shared(units, k) if measure in {"feature", "jaccard"} else None
    return {"mean": mean, "units": units, "k": k, "least": least}


def _pair(pairs: list[dict[str, Any]], view: View) -> dict[str, Any] | None:
    """Return the pair that the address names, if its values were measured."""
    for pair in pairs:
        if {pair["a"], pair["b"]} == {view.a, view.b} and not pair.get("deterministic"):
            return pair
    return None
