"""What a language model wrote: its tokens, and context by output for every method."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from xai.figures.overlay import quantise
from xai.figures.parts import number, plain
from xai.figures.tokens import Piece, pieces, values_of
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats, Json
from xai.web.texts import State

CONTEXTS = 600
"""Pieces of context that the maps show; a longer one is cut at its beginning."""


def of(results: Results, state: State) -> dict[str, Any]:
    """Return the written tokens of a sample and one map per method."""
    facts = results.samples[state.sample]
    texts, logs = facts["outputs"], facts["logprobs"]
    found = pieces(
        facts,
        by_token=state.unit == "token",
        by_sentence=state.unit == "sentence",
        with_special=state.special,
    )[-CONTEXTS:]
    methods = [m for m in results.local_methods() if m.is_ragged]
    drawn = [_matrix(method, state.sample, len(texts), found) for method in methods]
    return {
        "written": [
            {
                "text": plain(text) or "␣",
                "logprob": f"{log:.3f}",
                "is_chosen": state.output <= place <= state.until,
            }
            for place, (text, log) in enumerate(zip(texts, logs, strict=True))
        ],
        "matrices": [one for one in drawn if one],
        "wider": wider(facts, state.output, state.until),
        "contexts_json": json.dumps([piece.text for piece in found]),
        "outputs_json": json.dumps(texts),
    }


def wider(facts: Json, first: int, last: int) -> list[dict[str, Any]]:
    """Return the spans around the chosen tokens: their words, their sentences, all."""
    count = len(facts["outputs"])
    words = facts.get("output_words") or list(range(count))
    told = {"tokens": facts["outputs"], "words": words, "special": [w < 0 for w in words]}
    found = []
    for name, by_sentence in (("words", False), ("sentences", True)):
        groups = pieces(told, by_token=False, by_sentence=by_sentence, with_special=True)
        mine = [g.units for g in groups if g.units[0] <= last and g.units[-1] >= first]
        found.append({"name": name, "first": mine[0][0], "last": mine[-1][-1]})
    found.append({"name": "all", "first": 0, "last": count - 1})
    return [one | {"is_chosen": (one["first"], one["last"]) == (first, last)} for one in found]


def _matrix(
    method: MethodResult, sample: int, outputs: int, found: list[Piece]
) -> dict[str, Any] | None:
    ragged = method.ragged
    places = ragged.of(sample)
    if len(places) != outputs or not found:
        return None
    columns = [values_of(found, ragged.values(place).astype(np.float64)) for place in places]
    values: Floats = np.stack(columns, axis=1)
    end = float(np.abs(values).max(initial=0.0))
    return {
        "slug": method.slug,
        "title": method.title,
        "is_signed": method.is_signed,
        "scale": f"±{number(end)}" if method.is_signed else f"0 to {number(end)}",
        "overlay": quantise(values.ravel(), (len(found), outputs), end),
    }
