"""What ReAGent asks of a language model: token numbers in, probabilities and ranks out.

Neither weights nor gradients: a model behind an API that gives next-token probabilities would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from xai.units import Bools
from xai.vocabulary import Floats, Integers

if TYPE_CHECKING:
    from collections.abc import Sequence

NOWHERE = -1
"""Place at which nothing is read: fills up rows that ask for fewer outputs than others."""


class NextTokens(Protocol):
    """The next-token predictions of a causal language model for the samples of a problem.

    Attributes
    ----------
    tokens : tuple of arrays of shape (u + 1,)
        The token numbers of each sample, its last output included.
    frequencies : array of shape (v,)
        How often each token of the vocabulary stands in the dataset; 0 for special tokens.
    ordinary : array of shape (v,)
        True for tokens that may stand in a text.
    classes : array of shape (v,)
        The word class of each token, learned from the dataset; -1 where none is known.
    """

    tokens: tuple[Integers, ...]
    frequencies: Floats
    ordinary: Bools

    @property
    def classes(self) -> Integers:
        """Found when it is asked for."""

    def read(self, ids: Integers, places: Integers, targets: Integers) -> tuple[Floats, Integers]:
        """Return log-probability and rank of tokens right after places, each of shape (m, q).

        Parameters
        ----------
        ids : array of shape (m, t)
            Right-padded with anything: nothing behind the last place of a row is looked at.
        places : array of shape (m, q)
            0-based; `NOWHERE` gives NaN and rank 0.
        targets : array of shape (m, q)
            Rank 0 is the likeliest token; a tie counts for the target.
        """

    def likely(self, sample: int, count: int) -> tuple[Integers, Floats]:
        """Return what the model expects at each place of a sample from what stands before it.

        Returns
        -------
        ids, probabilities : arrays of shape (u, count)
            Best first. At place 0, which nothing precedes, probabilities are 0.
        """

    def lent(self, sample: int, count: int) -> tuple[Integers, Floats]:
        """Return what a masked language model expects at each place, as tokens of this one.

        Returns
        -------
        ids, probabilities : arrays of shape (u, count)
            A place where the two vocabularies cannot be aligned has probabilities of 0.

        Raises
        ------
        InvalidParameter
            If there is no masked language model.
        """


@dataclass(frozen=True, slots=True)
class Request:
    """Rows of one length and the same outputs, to be read together with other requests.

    Attributes
    ----------
    ids : array of shape (m, t)
    places, targets : arrays of shape (m, q)
    """

    ids: Integers
    places: Integers
    targets: Integers


def read_all(model: NextTokens, requests: Sequence[Request]) -> list[tuple[Floats, Integers]]:
    """Read several requests as one: rows of all samples, probes and outputs share forwards."""
    rows = [len(request.ids) for request in requests]
    if not sum(rows):
        return [(np.zeros(r.places.shape), np.zeros(r.places.shape, np.int64)) for r in requests]
    ids = _stack([request.ids for request in requests], 0)
    places = _stack([request.places for request in requests], NOWHERE)
    targets = _stack([request.targets for request in requests], 0)
    found, ranks = model.read(ids, places, targets)
    answers, start = [], 0
    for request, count in zip(requests, rows, strict=True):
        part = (slice(start, start + count), slice(0, request.places.shape[1]))
        answers.append((found[part], ranks[part]))
        start += count
    return answers


def _stack(parts: Sequence[Integers], empty: int) -> Integers:
    widest = max(part.shape[1] for part in parts)
    stacked = np.full((sum(map(len, parts)), widest), empty, dtype=np.int64)
    start = 0
    for part in parts:
        stacked[start : start + len(part), : part.shape[1]] = part
        start += len(part)
    return stacked
