"""Where ReAGent takes the tokens from that stand in for others; never the token itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from xai.units import Bools
from xai.vocabulary import Floats, Integers

if TYPE_CHECKING:
    from xai.methods.perturbation.reagent_model import NextTokens

Source = Literal["unigrams", "masked", "classes", "model", "uniform"]

REPLACEMENTS: dict[Source, str] = {
    "unigrams": "Replaced tokens were drawn from the dataset by frequency, never the token "
    "itself; the words around a place play no part, so the result need not be fluent.",
    "masked": "Replaced tokens were drawn from the 50 best guesses of a masked language model, "
    "which sees both sides, never the token itself; they are plausible, so a token with good "
    "substitutes looks less important. The vocabularies are aligned by letters; where no guess "
    "fits into the same number of tokens, tokens of the dataset stand in.",
    "classes": "Replaced tokens were drawn evenly from those with like neighbours in the dataset, "
    "classes learned there and no tagger's parts of speech, never the token itself; rare tokens "
    "belong to none and are replaced by frequency.",
    "model": "Replaced tokens were drawn from the model's 50 best guesses from the left, never the "
    "token itself; they are plausible, so a token with good substitutes looks less important.",
    "uniform": "Replaced tokens were drawn evenly from the vocabulary, never the token itself; the "
    "changed text is unlike any the model was trained on, so effects are large.",
}
"""What each source does to the result, for people."""

FEWEST = 20
"""Distinct tokens below which a dataset's frequencies say nothing: all ordinary ones are used."""

LIKELY = 50
"""The model's best guesses at a place from which one is drawn."""


class Replacement(Protocol):
    """Draws a stand-in for every token of one sample."""

    def __call__(self, uniform: Floats) -> Integers:
        """Return tokens for uniform numbers, both of shape (..., t)."""

    def upto(self, length: int) -> Replacement:
        """Return the same for the first `length` tokens."""


@dataclass(frozen=True, slots=True)
class ByFrequency:
    """One distribution over the vocabulary for all places, the token itself left out.

    Attributes
    ----------
    below, above : arrays of shape (t,)
        Share of the vocabulary before and after each token, in the order of the numbers.
    shares : array of shape (v,)
        Cumulated shares.
    """

    tokens: Integers
    below: Floats
    above: Floats
    shares: Floats
    best: Integers
    """Two likeliest tokens: where rounding would give the token itself, the other one stands in."""

    @classmethod
    def of(cls, tokens: Integers, shares: Floats) -> ByFrequency:
        """Prepare for one sample; `shares` of shape (v,) need not sum to 1."""
        summed = np.cumsum(shares / shares.sum())
        below = np.concatenate([[0.0], summed])[tokens]
        return cls(tokens, below, summed[-1] - summed[tokens], summed, np.argsort(-shares)[:2])

    def __call__(self, uniform: Floats) -> Integers:
        """Draw by the inverse of the cumulated shares, with the token's own share cut out."""
        place = uniform * (self.below + self.above)
        place = np.where(place < self.below, place, place - self.below + self.shares[self.tokens])
        found = np.searchsorted(self.shares, place, side="right")
        found = np.minimum(found, np.searchsorted(self.shares, self.shares[-1]))
        other = np.where(self.best[0] == self.tokens, self.best[1], self.best[0])
        return np.asarray(np.where(found == self.tokens, other, found), dtype=np.int64)

    def upto(self, length: int) -> ByFrequency:
        """Return the same for the first `length` tokens."""
        cut = slice(0, length)
        return replace(self, tokens=self.tokens[cut], below=self.below[cut], above=self.above[cut])


@dataclass(frozen=True, slots=True)
class ByPlace:
    """A short list of tokens for each place, best first.

    Attributes
    ----------
    candidates : array of shape (t, c)
    shares : array of shape (t, c)
        Cumulated shares; rows of zeros are drawn from `otherwise`.
    """

    candidates: Integers
    shares: Floats
    otherwise: ByFrequency

    def __call__(self, uniform: Floats) -> Integers:
        """Draw one candidate per place."""
        flat = uniform.reshape(-1, len(self.candidates))
        drawn = self.otherwise(flat)
        for place, summed in enumerate(self.shares):
            if summed[-1] > 0:
                chosen = np.searchsorted(summed, flat[:, place] * summed[-1], side="right")
                drawn[:, place] = self.candidates[place, np.minimum(chosen, len(summed) - 1)]
        return drawn.reshape(uniform.shape)

    def upto(self, length: int) -> ByPlace:
        """Return the same for the first `length` tokens."""
        cut = slice(0, length)
        return ByPlace(self.candidates[cut], self.shares[cut], self.otherwise.upto(length))


def replacement(model: NextTokens, sample: int, source: Source) -> Replacement:
    """Return what draws stand-ins for the context of a sample: all its tokens but the last."""
    tokens = model.tokens[sample][:-1]
    shares = model.frequencies if source == "unigrams" else model.ordinary.astype(np.float64)
    if np.count_nonzero(shares) < FEWEST:
        shares = model.ordinary.astype(np.float64)
    common = ByFrequency.of(tokens, shares)
    if source in {"unigrams", "uniform"}:
        return common
    if source == "classes":
        candidates, likely = _alike(model, tokens)
    else:
        ask = model.lent if source == "masked" else model.likely
        candidates, likely = ask(sample, LIKELY)
    allowed = model.ordinary[candidates] & (candidates != tokens[:, None])
    return ByPlace(candidates, np.cumsum(likely * allowed, axis=1), common)


def placed(model: NextTokens, sample: int, source: Source) -> Bools:
    """Return where a source has something of its own to offer, shape (u,)."""
    found = replacement(model, sample, source)
    if isinstance(found, ByPlace):
        return np.asarray(found.shares[:, -1] > 0)
    return np.ones(len(model.tokens[sample]) - 1, dtype=bool)


def _alike(model: NextTokens, tokens: Integers) -> tuple[Integers, Floats]:
    """Return the tokens of the class of each token, evenly likely, (t, c) each."""
    classes = np.where(model.ordinary, model.classes, -1)
    own = classes[tokens]
    members = {c: np.flatnonzero(classes == c) for c in np.unique(own[own >= 0])}
    width = max((len(one) for one in members.values()), default=1)
    ids, shares = np.zeros((len(tokens), width), dtype=np.int64), np.zeros((len(tokens), width))
    for place, name in enumerate(own):
        if name >= 0:
            alike = members[name]
            ids[place, : len(alike)], shares[place, : len(alike)] = alike, 1.0
    return ids, shares
