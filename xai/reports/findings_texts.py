"""Sentences about what a text classifier relies on: its words, class by class."""

from __future__ import annotations

from collections import Counter

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.reports.findings import OUTPUT
from xai.reports.lexicon import Filter, Lexicon, Words, lexicon
from xai.reports.method import MethodResult
from xai.reports.phrasing import counted, listed, named, number
from xai.reports.results import Results
from xai.reports.sentence import Sentence

CLASSES, TOP = 3, 4
OFTEN = 3
"""Places in which a word must stand to be named in a sentence."""


def reliance(results: Results) -> list[Sentence]:
    """Say which words speak most for each class, by the leading method; none without its number."""
    method = _leading(results)
    if method is None:
        return []
    targets = Counter(results.predictions.targets).most_common(CLASSES)
    said = [_of_target(results, method, target, texts) for target, texts in targets]
    return [sentence for sentence in said if sentence]


def _leading(results: Results) -> MethodResult | None:
    found = [m for m in results.local_methods() if m.is_ragged and m.family != CONTROL]
    first = next((m for m in found if m.slug == "shapley"), None)
    return first or next((m for m in found if m.is_signed), None)


def _of_target(results: Results, method: MethodResult, target: str, texts: int) -> Sentence | None:
    found = lexicon(results, Filter(target=target))
    words = next(one for one in found.methods if one.slug == method.slug)
    words_of = strongest(found, words)
    if not words_of:
        return None
    output = OUTPUT.get(method.unit, "the output")
    text = (
        f"By {method.title}, the words that raise {output} of {named(target)} most, among those "
        f"in at least {OFTEN} places of {counted(texts, 'text')}: {listed(words_of)}. "
        "In brackets: mean attribution and number of places."
    )
    return Sentence(text, "global", topic="relies")


def strongest(found: Lexicon, words: Words) -> list[str]:
    """Return the words that raise the score most, with mean and number of places."""
    often = np.flatnonzero((found.counts >= OFTEN) & (np.nan_to_num(words.mean) > 0))
    order = often[np.argsort(-words.mean[often], kind="stable")][:TOP]
    return [
        f"{named(found.words[i])} ({number(float(words.mean[i]))}, {found.counts[i]})"
        for i in order
    ]
