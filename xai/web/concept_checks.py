"""What the concepts page says of how good concepts are: annotations, dictionaries, estimators."""

from __future__ import annotations

from typing import Any

from xai.figures.parts import number
from xai.reports import concepts
from xai.reports.method import MethodResult
from xai.reports.phrasing import percent
from xai.vocabulary import Json

DICTIONARIES = {
    "nmf": "Non-negative factorisation",
    "semi_nmf": "Semi-non-negative factorisation",
    "kmeans": "k-means",
    "pca": "Principal components",
    "sparse_autoencoder": "Sparse autoencoder",
}
ESTIMATORS = {
    "gradient_input": "Gradient × coefficient",
    "integrated_gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "rise": "RISE",
    "sobol": "Sobol index",
    "hsic": "HSIC",
}
UNSIGNED = {"sobol", "hsic"}
_PLACES = ("overlap", "pointing", "energy", "point")


def compared(facts: dict[str, Json], order: str) -> dict[str, Any]:
    """Return the tables of dictionaries and of estimators; empty where nothing was compared."""
    return {
        "dictionaries": [
            {
                "name": DICTIONARIES.get(row["dictionary"], row["dictionary"]),
                "is_used": row["dictionary"] == facts.get("dictionary"),
                "cells": [
                    _share(row["error"]),
                    _share(row["zeros"]),
                    _number(row["stability"]),
                    _number(row["distance"]),
                    _share(row["logit_error"]),
                    _number(row["deletion"]),
                    _number(row["insertion"]),
                    _number(row.get("fidelity")),
                ],
            }
            for row in facts.get("dictionaries") or []
        ],
        "estimators": [
            {
                "name": ESTIMATORS.get(row["estimator"], row["estimator"]),
                "is_used": row["estimator"] == order,
                "is_unsigned": row["estimator"] in UNSIGNED,
                "cells": [_number(row[name]) for name in ("deletion", "insertion", "fidelity")],
                "images": row["images"],
            }
            for row in facts.get("estimators") or []
        ],
    }


def annotated(method: MethodResult, target: str, top: list[Json]) -> dict[str, Any] | None:
    """Return what the annotations say of the concepts of a class; None where there are none."""
    found = concepts.annotations_of(method, target)
    if found is None:
        return None
    lines = []
    for place, one in enumerate(top):
        line = found["concepts"][one["facts"].get("dictionary_concept", place)]
        lines.append({"name": one["name"], **line, "match": _share(line.get("match")),
                      "cells": _cells(line.get("location"))})  # fmt: skip
    return {
        "lines": lines,
        "has_masks": any(line["cells"] for line in lines),
        "matched": percent(found["matched"]),
        "matched_on": found["matched_on"],
        "scored_on": found["scored_on"],
        "existence": [
            {"top": row["top"], "value": percent(row["value"]), "chance": percent(row["chance"])}
            for row in found["existence"]
        ],
        "mean": _cells(found["location"]),
        "importance": _importance(found["importance"]),
    }


def _cells(where: Json) -> list[dict[str, str]]:
    if not where:
        return []
    return [{kind: percent(where[name][kind]) for kind in ("value", "chance")} for name in _PLACES]


def _importance(found: Json) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("value", "gradient", "amount", "product", "chance")
    return {**found, **{name: _number(found[name]) for name in names if name in found}}


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _number(value: float | None) -> str:
    return "–" if value is None else number(value)
