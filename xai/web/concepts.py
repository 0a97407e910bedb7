"""What the concepts page shows: the concepts of one class, and their maps in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from xai.figures.bars import Scale, draw, scale_of
from xai.figures.overlay import quantise
from xai.figures.parts import number, signed
from xai.reports import concepts
from xai.reports.method import MethodResult
from xai.reports.phrasing import between, percent
from xai.reports.results import Results
from xai.vocabulary import Json
from xai.web import concept_checks

CROPS = 8
"""Crops of a concept on the page; the bundle has all."""
ROUNDING = 1e-6
"""Share of the scale below which an importance is what single precision leaves of zero."""
PART_CROPS = 4
PICTURES = 36
"""Pictures to choose from at once."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds; "" is the usual."""

    target: str = ""
    sample: str = ""
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


def page(results: Results, method: MethodResult, view: View) -> dict[str, Any]:
    """Return the concepts of the class of the address, and the picture that it names."""
    classes = concepts.classes_of(method)
    target = view.target if view.target in classes else classes[0]
    top = concepts.top_of(method, target)
    drawn = _Lines(method, top)
    rows = [
        drawn.line(one) | {"parts": [drawn.line(part) for part in concepts.parts_of(method, one)]}
        for one in top
    ]
    pictures = concepts.shares_of(method).pictures({one["id"] for one in top})
    chosen = int(view.sample) if view.sample in set(map(str, pictures)) else pictures[0]
    last = max(1, -(-len(pictures) // PICTURES))
    usual = pictures.index(chosen) // PICTURES + 1
    at = int(view.page) if view.page.isdigit() and len(view.page) < 9 else usual
    at = min(max(at, 1), last)
    shown = pictures[(at - 1) * PICTURES : at * PICTURES]
    cropped = [crop["sample"] for row in rows for one in (row, *row["parts"])
               for crop in one["crops"]]  # fmt: skip
    height, width = method.notes["input"]
    facts = _facts(method, target)
    said = concept_checks.annotated(method, target, top)
    for row, line in zip(rows, said["lines"] if said else [], strict=False):
        row["annotation"] = line["annotation"]
    return {
        "annotated": said,
        "annotations_failed": method.notes.get("annotations_failed"),
        "compared": concept_checks.compared(facts, str(method.notes.get("order"))),
        "classes": classes,
        "target": target,
        "rows": rows,
        "scale": f"±{number(drawn.scale.high)}",
        "facts": facts,
        "left_out": method.notes.get("left_out") or [],
        "points": len(concepts.curve_of(method, target)),
        "size": {"width": width, "height": height},
        "pictures": {row: results.samples[row] for row in dict.fromkeys([*cropped, *shown])},
        "strip": shown,
        "count": len(pictures),
        "page_at": at,
        "last": last,
        "chosen": _chosen(results, method, chosen, top),
    }


class _Lines:
    """Concepts as lines with bars on the scales that all concepts of a class share."""

    def __init__(self, method: MethodResult, top: list[Json]) -> None:
        every = [*top, *(part for one in top for part in concepts.parts_of(method, one))]
        known = [one[key] for one in every for key in ("importance", "low", "high")]
        self.scale = scale_of([np.array(known, dtype=float)], signed=True)

    def line(self, one: Json) -> dict[str, Any]:
        value, sobol = _number(one["importance"]), one["sobol"]
        share = _number(sobol["value"])
        return {
            "concept": one,
            "crops": one["crops"][: CROPS if one["parent"] is None else PART_CROPS],
            "value": signed(value),
            "interval": between(one["low"], one["high"]),
            "bar": draw(value, self.scale, signed=True, low=one["low"], high=one["high"]),
            "sobol": percent(share) if np.isfinite(share) else "undefined",
            "sobol_interval": between(sobol["low"], sobol["high"], "percent"),
            "sobol_bar": draw(
                share, Scale(0.0, 1.0), signed=False, low=sobol["low"], high=sobol["high"]
            ),
            "is_sure": _is_sure(one, ROUNDING * self.scale.high),
            "error": _percent(one["facts"].get("logit_error")),
            "chosen": _other_weight(one["facts"].get("chosen")),
        }


def _other_weight(found: Json) -> dict[str, str] | None:
    """Return the estimate that orders the concepts, where it is neither of those always shown."""
    if not found:
        return None
    return {
        "name": concept_checks.ESTIMATORS[found["estimator"]],
        "value": signed(_number(found["value"])),
        "interval": between(found["low"], found["high"]),
    }


def _facts(method: MethodResult, target: str) -> dict[str, Any]:
    found, notes = concepts.facts_of(method, target), method.notes
    quality = found.get("quality") or {}
    return {
        **found,
        "error": _percent(found.get("logit_error")),
        "rebuilt": _percent(found.get("reconstruction_error")),
        "stability": quality.get("stability"),
        "layer": notes.get("layer"),
        "channels": notes.get("channels"),
        "grid": notes.get("grid"),
        "layers": notes.get("layers") or [],
        "bank": notes.get("bank"),
        "maps": notes.get("maps"),
        "by_sobol": notes.get("order") == "sobol",
        "order_name": concept_checks.ESTIMATORS.get(str(notes.get("order")), ""),
    }


def _chosen(results: Results, method: MethodResult, sample: int, top: list[Json]) -> dict[str, Any]:
    """Return one picture with the map of every concept, all on one scale."""
    shares = concepts.shares_of(method)
    layers = []
    for one, found in zip(
        top, concepts.painted(method, sample, [one["id"] for one in top]), strict=True
    ):
        place = shares.at(sample, one["id"])
        layers.append(
            {
                "name": one["name"],
                "overlay": quantise(found.values, found.shape, found.end),
                "is_signed": found.is_signed,
                "share": signed(float(shares.importances[place])),
                "is_absent": not np.any(found.values),
            }
        )
    place = results.sample_index(sample)
    return {
        "sample": sample,
        "facts": results.samples[sample],
        "layers": layers,
        "predicted": results.predictions.predicted[place],
        "correct": results.predictions.correct[place],
        "label": results.predictions.labels[place],
    }


def _is_sure(one: Json, least: float) -> bool:
    """Whether the interval of the importance leaves out zero, and what rounding leaves of it."""
    low, high = one["low"], one["high"]
    return low is not None and high is not None and (low > least or high < -least)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)
