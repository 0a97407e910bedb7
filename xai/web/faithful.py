"""How faithful the methods are: what the page shows of one measure under one baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xai.evaluation.agreement import SELF
from xai.figures.parts import number
from xai.reports import soft
from xai.reports.results import Results
from xai.web.overall import View


def page(results: Results, view: View) -> dict[str, Any]:
    """Return the league, the pairs and the choices for the measure and baseline of the address."""
    found = results.faithfulness or {}
    measures = {m["slug"]: m for m in found["measures"] if _is_there(found, m["slug"])}
    measure = measures.get(view.measure) or measures.get(found["default"])
    if measure is None:
        return {"nothing": True}
    baselines = {b["slug"]: b for b in found["baselines"]}
    baseline = baselines.get(view.baseline) or baselines[found["baseline"]]
    return {
        "measures": list(measures.values()),
        "measure": measure,
        "baselines": list(baselines.values()),
        "baseline": baseline,
        "league": _league(results, found, _columns(measures, "main"), measure, baseline["slug"]),
        "more": _more(results, found, measures, measure),
        "pairs": _pairs(results, found, measure, baseline["slug"]),
        "variants": [
            (baselines[one["baseline"]]["title"], one)
            for one in found.get("variants", ())
            if one["measure"] == measure["slug"]
        ],
        "samples": found["samples"],
        "few": found["samples"] < found["samples_least"],
        "least": found["samples_least"],
        "unmoved": [results.title(slug) for slug in found.get("unmoved", [])],
        "count": len(baselines),
    }


def softly(results: Results) -> dict[str, Any]:
    """Return the table of soft faithfulness; empty where it was not measured."""
    lines = soft.lines(results)
    if not lines:
        return {}
    return {
        "explained": soft.EXPLAINED,
        "about": soft.about(results),
        "measures": soft.measures(results),
        "lines": lines,
    }


def _columns(measures: Mapping[str, Mapping[str, Any]], *roles: str) -> list[Mapping[str, Any]]:
    return [m for m in measures.values() if m.get("role", "main") in roles]


def _more(
    results: Results,
    found: Mapping[str, Any],
    measures: Mapping[str, Mapping[str, Any]],
    measure: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Return the league by the further measures, most of which have one baseline only."""
    columns = _columns(measures, "further", "descriptive")
    return _league(results, found, columns, measure, found["baseline"]) if columns else None


def _is_there(found: Mapping[str, Any], measure: str) -> bool:
    return any(row["measure"] == measure for row in found["league"])


def _league(
    results: Results,
    found: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]],
    measure: Mapping[str, Any],
    baseline: str,
) -> dict[str, Any]:
    """Return one row per method, the best first, and one per reference."""
    rows = {
        (row["method"], row["measure"]): row
        for row in found["league"]
        if row["baseline"] == baseline
    }
    turn = -1.0 if measure["better"] == "high" else 1.0

    def key(slug: str) -> tuple[bool, float]:
        row = rows.get((slug, measure["slug"]))
        return (row is None, turn * float(row["mean"]) if row else 0.0)

    def line(slug: str, place: int | None) -> dict[str, Any]:
        return {
            "slug": slug,
            "title": results.contestant(slug),
            "place": place,
            "cells": [
                _cell(rows.get((slug, one["slug"])), one["slug"] == measure["slug"])
                for one in columns
            ],
        }

    ordered = sorted(found["methods"], key=key)
    return {
        "columns": columns,
        "methods": [line(slug, at + 1) for at, slug in enumerate(ordered)],
        "references": [line(slug, None) for slug in _references(found)],
    }


def _references(found: Mapping[str, Any]) -> list[str]:
    return sorted(found["references"], key=lambda slug: slug.startswith(SELF))


def _cell(row: Mapping[str, Any] | None, is_chosen: bool) -> dict[str, Any]:  # noqa: FBT001 - a cell is or is not
    if row is None:
        return {"mean": "–", "interval": "", "undefined": 0, "chosen": is_chosen}
    known = row["low"] is not None and row["high"] is not None
    return {
        "mean": number(float(row["mean"])),
        "interval": f"{number(row['low'])} to {number(row['high'])}" if known else "",
        "undefined": row["undefined"],
        "chosen": is_chosen,
    }


def _pairs(
    results: Results, found: Mapping[str, Any], measure: Mapping[str, Any], baseline: str
) -> dict[str, Any] | None:
    """Return the table of decisions: the row's method against the column's."""
    decided = [
        p for p in found["pairs"] if (p["measure"], p["baseline"]) == (measure["slug"], baseline)
    ]
    if not decided:
        return None
    robust = {(r["a"], r["b"]): r for r in found["robust"] if r["measure"] == measure["slug"]}
    slugs = [*found["methods"], "random"]
    known = {}
    for pair in decided:
        a, b = pair["a"], pair["b"]
        known[a, b] = _decision(pair, robust[a, b], a, 1)
        known[b, a] = _decision(pair, robust[a, b], b, -1)
    return {
        "columns": [(slug, results.contestant(slug)) for slug in slugs],
        "rows": [
            (slug, results.contestant(slug), [known.get((slug, other)) for other in slugs])
            for slug in slugs
        ],
    }


def _decision(
    pair: Mapping[str, Any], robust: Mapping[str, Any], slug: str, turn: int
) -> dict[str, Any]:
    won, difference = pair["winner"], pair["difference"]
    ends = [pair["low"], pair["high"]]
    if turn < 0:
        ends = [None if end is None else -end for end in reversed(ends)]
    return {
        "difference": "–" if difference is None else number(turn * difference),
        "interval": "" if None in ends else f"{number(ends[0])} to {number(ends[1])}",
        "p": pair["p_adjusted"],
        "strict": pair.get("p_strict"),
        "state": "better" if won == slug else "worse" if won else "none",
        "under": len(robust["better_under"][slug]),
        "verdict": robust["verdict"],
        "is_robust": robust["winner"] == slug,
        "samples": pair["samples"],
    }
