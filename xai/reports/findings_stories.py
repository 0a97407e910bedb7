"""Sentences about what a language model relies on: the prompt, and what it wrote."""

from __future__ import annotations

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.evaluation.intervals import mean_interval
from xai.reports.findings_texts import strongest
from xai.reports.lexicon import Filter, lexicon
from xai.reports.method import MethodResult
from xai.reports.phrasing import between, counted, listed, percent
from xai.reports.results import Results
from xai.reports.sentence import Sentence


def reliance(results: Results) -> list[Sentence]:
    """Say which words raise what is written, and how much of it rests on the prompt."""
    found = [m for m in results.local_methods() if m.is_ragged and m.family != CONTROL]
    first = next((m for m in found if m.slug in {"shapley", "reagent"}), None)
    method = first or next(iter(found), None)
    if method is None:
        return []
    return [*_words(results, method), *_prompt(results, method)]


def _words(results: Results, method: MethodResult) -> list[Sentence]:
    if not method.is_signed:
        return []
    found = lexicon(results, Filter())
    words = next(one for one in found.methods if one.slug == method.slug)
    named = strongest(found, words)
    if not named:
        return []
    text = (
        f"By {method.title}, the words that raise the log-probability of what is written most: "
        f"{listed(named)}. In brackets: mean attribution, summed over the written tokens, and "
        f"number of places in {counted(found.samples, 'prompt')}."
    )
    return [Sentence(text, "global", topic="relies")]


def _prompt(results: Results, method: MethodResult) -> list[Sentence]:
    """Say what share of the strength lies on the prompt, the rest on tokens written before."""
    ragged, shares = method.ragged, []
    for sample in np.unique(ragged.samples):
        prompt = int(results.samples[int(sample)].get("prompt_units") or 0)
        each = [np.abs(ragged.values(at).astype(np.float64)) for at in ragged.of(int(sample))]
        size = sum(float(values.sum()) for values in each)
        if prompt and size > 0:
            shares.append(sum(float(values[:prompt].sum()) for values in each) / size)
    if not shares:
        return []
    mean, low, high = (each[0] for each in mean_interval(np.array([shares]), 0))
    text = (
        f"By {method.title}, {percent(mean)} of the strength lies on the prompt "
        f"({between(low, high, 'percent')}, {counted(len(shares), 'prompt')}); the rest lies on "
        "tokens that were written before."
    )
    return [Sentence(text, "compare", topic="relies")]
