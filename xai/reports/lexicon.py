"""The words of a dataset and what each method says of them, over all texts in which they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.figures.tokens import pieces
from xai.reports.method import MethodResult
from xai.reports.ragged import read_samples
from xai.reports.reading import stamp
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers

LEAST = 2
"""Places in which a word must stand before its mean is shown, where a dataset has many words."""
MANY = 200
CONFIDENT = 0.8


@dataclass(frozen=True, slots=True)
class Filter:
    """Which samples count: "" for all.

    Attributes
    ----------
    target : str
        The explained class.
    answer : "", "right" or "wrong"
    confidence : "", "high" or "low"
        Probability of the target above or below `CONFIDENT`.
    """

    target: str = ""
    answer: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What one method says of every word.

    Attributes
    ----------
    mean, size : array of shape (words,)
        Mean attribution, and mean |attribution|, over all places of a word.
    low, high : array of shape (words,)
        95 % interval of `mean`, by the normal; NaN where a word stands once.
    """

    slug: str
    title: str
    unit: str
    is_signed: bool
    is_control: bool
    mean: Floats
    low: Floats
    high: Floats
    size: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The words that stand often enough in the samples that count.

    Attributes
    ----------
    counts, texts : array of shape (words,)
        Places of a word, and samples that have it.
    samples : int
        Samples that count.
    rare : int
        Words left out because they stand in too few places.
    """

    words: list[str]
    counts: Integers
    texts: Integers
    methods: list[Words]
    samples: int
    rare: int


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Where every unit of every sample belongs: to which place, and that place to which word."""

    words: list[str]
    place_of: dict[int, Integers]
    word_of: Integers
    sample_of: Integers


def lexicon(results: Results, chosen: Filter) -> Lexicon:
    """Return every word with what the methods say of it."""
    folder = results.folders["predictions"]
    index = _index(folder, stamp(folder / "samples.parquet"))
    counted = _counted(results, chosen)
    kept_places = np.isin(index.sample_of, list(counted))
    counts = np.bincount(index.word_of[kept_places], minlength=len(index.words))
    least = LEAST if (counts > 0).sum() > MANY else 1
    kept = np.flatnonzero(counts >= least)
    pairs = np.unique(np.stack([index.word_of[kept_places], index.sample_of[kept_places]]), axis=1)
    texts = np.bincount(pairs[0], minlength=len(index.words))
    methods = [
        _words(method, index, counted, kept)
        for method in results.local_methods()
        if method.is_ragged
    ]
    return Lexicon(
        words=[index.words[i] for i in kept],
        counts=counts[kept],
        texts=texts[kept],
        methods=methods,
        samples=len(counted),
        rare=int(((counts > 0) & (counts < least)).sum()),
    )


def _counted(results: Results, chosen: Filter) -> set[int]:
    """Return the rows of the dataset that count."""
    found = results.predictions
    keep = np.ones(len(found.samples), dtype=bool)
    if chosen.target:
        keep &= np.array([target == chosen.target for target in found.targets], dtype=bool)
    if chosen.answer:
        wanted = chosen.answer == "right"
        keep &= np.array([correct is wanted for correct in found.correct], dtype=bool)
    if chosen.confidence and found.probabilities is not None:
        is_high = found.probabilities >= CONFIDENT
        keep &= is_high if chosen.confidence == "high" else ~is_high
    return set(found.samples[keep].tolist())


@lru_cache(maxsize=4)
def _index(folder: Path, _stamp: int) -> _Index:
    numbers: dict[str, int] = {}
    place_of: dict[int, Integers] = {}
    word_of: list[int] = []
    sample_of: list[int] = []
    for sample, facts in read_samples(folder).items():
        owner = np.full(len(facts["tokens"]), -1, dtype=np.int64)
        for piece in pieces(facts, by_token=False, with_special=False):
            owner[list(piece.units)] = len(word_of)
            word_of.append(numbers.setdefault(piece.text.casefold(), len(numbers)))
            sample_of.append(sample)
        place_of[sample] = owner
    return _Index(
        list(numbers), place_of, np.array(word_of, np.int64), np.array(sample_of, np.int64)
    )


def _words(method: MethodResult, index: _Index, counted: set[int], kept: Integers) -> Words:
    ragged = method.ragged
    positions = [i for i, sample in enumerate(ragged.samples.tolist()) if sample in counted]
    places = [index.place_of[int(ragged.samples[i])] for i in positions]
    flat = [ragged.values(i) for i in positions]
    owner = np.concatenate(places) if places else np.zeros(0, np.int64)
    values = np.concatenate(flat).astype(np.float64) if flat else np.zeros(0)
    inside = owner >= 0
    sums: Floats = np.bincount(owner[inside], values[inside], len(index.word_of)).astype(np.float64)
    there = np.unique(owner[inside])
    stats = _means(sums[there], index.word_of[there], len(index.words))
    return Words(
        slug=method.slug,
        title=method.title,
        unit=method.unit,
        is_signed=method.is_signed,
        is_control=method.family == CONTROL,
        **{name: array[kept] for name, array in stats.items()},
    )


def _means(values: Floats, words: Integers, count: int) -> Mapping[str, Floats]:
    """Return mean, interval and mean size of the places of each word; NaN where it has none."""
    n = np.bincount(words, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(words, values, count) / n
        size = np.bincount(words, np.abs(values), count) / n
        square = np.bincount(words, (values - mean[words]) ** 2, count)
        half = np.where(n > 1, 1.96 * np.sqrt(square / (n - 1) / n), np.nan)
    return {"mean": mean, "low": mean - half, "high": mean + half, "size": size}
