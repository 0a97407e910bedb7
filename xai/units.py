"""The words for inputs whose units differ by sample: tokens of a text, parts of a picture.

Sizes in shapes: n samples; u units of a sample; k explained outputs of a sample (1 for a
classifier, one per token for a language model); m masked evaluations; b samples in one batch.
A unit is what the attribution gives a value to. A player is a group of units that are removed
together: a word of several tokens, a segment of many pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from torch import Tensor

Bools = NDArray[np.bool_]

FIXED = -1
"""Player of a unit that is never removed: a special token, padding."""


class Kept(Protocol):
    """The score of samples of which only some players are kept, the others replaced."""

    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores of shape (m, k), k of the sample with the most outputs; NaN beyond its own.

        Parameters
        ----------
        kept : array of shape (m, players)
            True where a player stays; columns beyond the players of sample `of[j]` are ignored.
        of : array of shape (m,)
            Row j is a variation of sample `of[j]`, counted in the problem.
        """


class Gradients(Protocol):
    """Differentiable access to the inputs of samples: embeddings of tokens, values of pixels."""

    def batches(self, copies: int = 1) -> Iterator[Integers]:
        """Yield samples (b,) of like size, so few that `copies` of each fit in one forward."""

    def stack(self, of: Integers) -> tuple[Tensor, Tensor]:
        """Return inputs and baselines of these samples, each of shape (b, *features), padded."""

    def gradient(self, inputs: Tensor, of: Integers, output: int = 0) -> tuple[Tensor, Tensor]:
        """Return score (b,) and gradient (b, *features) of one output at these inputs.

        `of` may repeat a sample; rows do not see each other, and take as many forwards as memory
        asks for. A sample that has no such output gets NaN as its score and zeros as its gradient.
        """

    def reduce(self, values: Tensor, of: Integers) -> list[Floats]:
        """Sum values (b, *features) over the features of each unit: one array (u,) per sample."""


class Attention(Protocol):
    """Attention maps of samples, layer by layer, never all at once."""

    def batches(self) -> Iterator[Integers]:
        """Yield samples (b,) that fit in one forward."""

    def maps(self, of: Integers) -> Iterator[Tensor]:
        """Yield the attention of each layer, first to last, shape (b, heads, t, t)."""

    def maps_with_gradient(self, of: Integers, output: int = 0) -> list[tuple[Tensor, Tensor]]:
        """Return (attention, gradient of the score by it) of each layer, (b, heads, t, t) each."""

    def reading(self, of: Integers, output: int = 0) -> Integers:
        """Return the position (b,) whose row is read: the class token, or the predicting token."""

    def spread(self, weights: Tensor, of: Integers) -> list[Floats]:
        """Turn weights over positions (b, t) into one array (u,) per sample."""


@dataclass(frozen=True, slots=True)
class UnitProblem:
    """Everything a method may use where units differ from sample to sample, for one shard.

    Attributes
    ----------
    rows : array of shape (n,)
        0-based position of each sample in the dataset: seeds per-sample randomness, so that a
        result does not depend on how the work was cut into shards.
    names : tuple of tuples of str
        One per unit of each sample; for pictures, empty.
    shapes : tuple of tuples of int
        (u,) for texts, (height, width) for pictures; the product is u.
    players : tuple of arrays of shape (u,)
        The player of each unit, 0 … players-1, `FIXED` where it is never removed.
    outputs : tuple of tuples of str
        What is explained of each sample: the class, or the text of each generated token.
    score : Kept
    seed : int
    inner : Kept, or None
        The same score over single units: columns of `kept` are units, fixed ones always kept. None
        where units of a player cannot be parted.
    causes : None, or tuple of arrays of shape (k,)
        Units 0 … causes[o]-1 come before output o and alone can cause it; None: all can.
    extras : mapping
        What one family of methods needs of one kind of model, by agreed names: the next-token
        distributions of ReAGent, the layers of CRAFT.
    """

    rows: Integers
    names: tuple[tuple[str, ...], ...]
    shapes: tuple[tuple[int, ...], ...]
    players: tuple[Integers, ...]
    outputs: tuple[tuple[str, ...], ...]
    score: Kept
    seed: int = 0
    gradients: Gradients | None = None
    attention: Attention | None = None
    causes: tuple[Integers, ...] | None = None
    inner: Kept | None = None
    extras: Mapping[str, object] = field(default_factory=dict)

    @property
    def sizes(self) -> Integers:
        """Units of each sample, shape (n,)."""
        return np.array([len(players) for players in self.players], dtype=np.int64)

    @property
    def player_counts(self) -> Integers:
        """Players of each sample, shape (n,)."""
        counts = [int(p.max(initial=FIXED)) + 1 for p in self.players]
        return np.array(counts, dtype=np.int64)

    @property
    def output_counts(self) -> Integers:
        """Explained outputs of each sample, shape (n,)."""
        return np.array([len(outputs) for outputs in self.outputs], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class UnitAttribution:
    """How much each unit contributed to each explained output of each sample.

    Attributes
    ----------
    values : sequence of arrays of shape (k, u)
        One per sample, in units of the score, positive raised it; shares where unsigned.
    base : sequence of arrays of shape (k,), or None
    error : sequence of arrays of shape (k, u), or None
        Standard error of each value, where the method estimates one.
    residual : sequence of arrays of shape (k,), or None
        Completeness gap: score - base - values.sum(1), for methods that promise completeness.
    shapes : sequence of tuples of int, or None
        Where the method gives its values on another grid than the problem's.
    per_sample : mapping of str to sequence of JSON values
        Facts of single samples, for example how many probes did not stop.
    notes : dict
        Facts for the manifest.
    """

    values: Sequence[Floats]
    base: Sequence[Floats] | None = None
    error: Sequence[Floats] | None = None
    residual: Sequence[Floats] | None = None
    shapes: Sequence[tuple[int, ...]] | None = None
    per_sample: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    evaluations: int = 0
    notes: dict[str, Json] = field(default_factory=dict)


def over_units(values: Floats, players: Integers) -> Floats:
    """Share the values of players (k, players) equally among their units: (k, u), 0 where fixed."""
    counts = np.bincount(players[players >= 0], minlength=values.shape[1])
    shared = values / np.maximum(counts, 1)
    padded = np.concatenate([shared, np.zeros((len(values), 1))], axis=1)
    return np.asarray(padded[:, players])
