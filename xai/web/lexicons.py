"""The words of all texts: what the global page of a text classifier shows, by its address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from xai.figures.bars import Scale, draw, scale_of
from xai.figures.parts import number, plain, signed
from xai.methods.catalogue import GENERATION
from xai.reports.lexicon import Filter, Lexicon, Words, lexicon
from xai.reports.results import Results

TOP = 12
"""Words per list."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the address bar holds; "" is the usual."""

    target: str = ""
    answer: str = ""
    confidence: str = ""
    all: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> View:
        """Take the known words of an address."""
        return cls(**{field.name: query.get(field.name, "") for field in fields(cls)})

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes."""
        changed = replace(self, **{name: str(value) for name, value in changes.items()})
        chosen = {f.name: getattr(changed, f.name) for f in fields(changed)}
        return f"?{urlencode({name: value for name, value in chosen.items() if value})}"


def table(results: Results, view: View, *, most: int = TOP) -> dict[str, Any]:
    """Return the lists of words of every method for the samples that the view counts."""
    # Every continuation is a target of its own: over all of them together, only words remain.
    is_one = results.kind == GENERATION
    targets = {} if is_one else dict(Counter(results.predictions.targets).most_common())
    # Signs mean different things for different classes: never two in one list.
    target = view.target if view.target in targets else next(iter(targets), "")
    found = lexicon(results, Filter(target, view.answer, view.confidence))
    return {
        "targets": targets,
        "target": target,
        "samples": found.samples,
        "words": len(found.words),
        "rare": found.rare,
        "has_labels": results.predictions.has_labels,
        "has_probabilities": results.predictions.probabilities is not None,
        "methods": [_lists(found, words, most) for words in found.methods],
    }


def _lists(found: Lexicon, words: Words, most: int) -> dict[str, Any]:
    values = words.mean if words.is_signed else words.size
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(-values[known], kind="stable")]
    scale = scale_of([values], signed=words.is_signed)
    raising = [i for i in order[:most] if values[i] > 0]
    lowering = [i for i in order[::-1][:most] if values[i] < 0] if words.is_signed else []
    return {
        "words": words,
        "raising": [_line(found, words, int(i), scale) for i in raising],
        "lowering": [_line(found, words, int(i), scale) for i in lowering],
        "end": number(scale.high),
    }


def _line(found: Lexicon, words: Words, at: int, scale: Scale) -> dict[str, Any]:
    value = float((words.mean if words.is_signed else words.size)[at])
    low, high = float(words.low[at]), float(words.high[at])
    has_interval = np.isfinite(low) and words.is_signed
    return {
        "word": plain(found.words[at]),
        "value": signed(value) if words.is_signed else number(value),
        "whisker": f"{number(low)} to {number(high)}" if has_interval else "",
        "count": int(found.counts[at]),
        "texts": int(found.texts[at]),
        "bar": draw(
            value,
            scale,
            signed=words.is_signed,
            low=low if has_interval else None,
            high=high if has_interval else None,
        ),
    }
