"""What the attention page shows: all heads of one text, one head large, labels beside words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from xai.figures.overlay import Overlay, quantise
from xai.figures.parts import number, signed
from xai.reports import heads
from xai.reports.heads import HeadMaps
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

THUMBNAIL = 32
"""Side of a small map at most: of a longer text each cell shows the largest of several."""
SHADES = 6
"""Steps of the colour of a word."""
NAMES_MOST = 128
"""Tokens whose names stand beside the large map; of a longer text the cell pointed at is named."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds; "" is the usual. Layers and heads count from 1."""

    sample: str = ""
    layer: str = ""
    head: str = ""

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
    """Return the heads of the text that the address names, and one of them large."""
    known = heads.samples_of(method)
    sample = int(view.sample) if view.sample in set(map(str, known)) else known[0]
    found, tokens = heads.read(method, sample), list(results.samples[sample]["tokens"])
    layer = _within(view.layer, found.maps.shape[0])
    head = _within(view.head, found.maps.shape[1])
    state = View(str(sample), str(layer + 1), str(head + 1))
    position = list(results.predictions.samples).index(sample)
    labels, attended = heads.labels_of(method, sample), heads.attended_of(method, sample)
    return {
        "state": state,
        "texts": [
            {"row": row, "text": results.samples[row]["text"], "address": state.address(sample=row)}
            for row in known
        ],
        "target": results.predictions.targets[position],
        "layers": _grid(found, state),
        "has_effect": found.effect is not None,
        "large": _cell(found, layer, head, found.maps.shape[-1]),
        "tokens": tokens,
        "tokens_json": json.dumps(tokens),
        "has_names": len(tokens) <= NAMES_MOST,
        "labels": [{"name": name, "words": _words(tokens, v)} for name, v in labels.items()],
        "unnamed": [name for name in method.job["outputs"] if name not in labels],
        "attended": _attending(tokens, attended),
        "is_causal": method.notes.get("is_causal", False),
        "left_out": method.notes.get("left_out", 0),
    }


def _within(text: str, count: int) -> int:
    """Return a place counted from 0 of one counted from 1; the last of all where none is named."""
    at = int(text) if text.isdigit() and len(text) < 6 else count
    return min(max(at, 1), count) - 1


def _grid(found: HeadMaps, state: View) -> list[dict[str, Any]]:
    layers, width = found.maps.shape[:2]
    return [
        {
            "number": layer + 1,
            "heads": [
                _cell(found, layer, head, THUMBNAIL)
                | {"address": state.address(layer=layer + 1, head=head + 1)}
                for head in range(width)
            ],
        }
        for layer in range(layers)
    ]


def _cell(found: HeadMaps, layer: int, head: int, side: int) -> dict[str, Any]:
    drawn = heads.smaller(found.maps[layer, head], side)
    spread = found.entropy[layer, head]
    return {
        "layer": layer + 1,
        "head": head + 1,
        "overlay": _painted(drawn),
        "entropy": None if np.isnan(spread) else f"{spread:.0%}".replace("%", "\u202f%"),
        "effect": None if found.effect is None else signed(float(found.effect[layer, head])),
    }


def _painted(drawn: Floats) -> Overlay:
    rows, columns = drawn.shape
    return quantise(drawn.ravel(), (rows, columns), 1.0)


def _words(tokens: list[str], values: Floats) -> list[dict[str, Any]]:
    return [
        {
            "text": token,
            "cosine": None if np.isnan(value) else number(float(value)),
            "shade": 0 if np.isnan(value) else round(SHADES * min(max(float(value), 0.0), 1.0)),
        }
        for token, value in zip(tokens, values, strict=True)
    ]


def _attending(tokens: list[str], attended: dict[str, Floats]) -> list[dict[str, Any]]:
    """Return tokens with each label's attention to them, in shades of one scale."""
    most = max([1e-12, *(float(values.max(initial=0.0)) for values in attended.values())])
    return [
        {
            "name": label,
            "words": [
                {"text": token, "share": number(float(v)), "shade": round(SHADES * float(v) / most)}
                for token, v in zip(tokens, values, strict=True)
            ],
        }
        for label, values in attended.items()
    ]
