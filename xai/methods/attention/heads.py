"""Every attention head by itself: its map, its entropy, and the score without it.

Source: Michel, Levy and Neubig, Are Sixteen Heads Really Better than One?, NeurIPS 2019,
https://arxiv.org/abs/1905.10650: a head is left out by zeroing its output before the projection.
Cost: 2 + layers × heads forward passes per text, for at most 16 texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from xai.errors import XaiError
from xai.methods.cards.heads import SAMPLES
from xai.vocabulary import Floats, Integers, Json, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.units import UnitProblem

CELLS_MOST = 40_000_000
"""Numbers in all maps together, 160 MB."""


class Heads(Protocol):
    """What a kind of model offers beside attention: `UnitProblem.extras["heads"]`."""

    labels: tuple[str, ...]

    def shape(self) -> tuple[int, int]:
        """Return layers, and heads of a layer."""

    def effect(self, sample: int) -> Floats | None:
        """Return score minus score without each head, (layers, heads).

        None where the place where heads are joined was not found in the network.
        """

    def alike(self, sample: int) -> Floats:
        """Return how alike tokens and label names are, (labels, t); NaN where undefined."""


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


@dataclass(frozen=True, slots=True)
class HeadsResult:
    """The heads of n samples of t tokens each; p layers of h heads.

    Attributes
    ----------
    samples : array of shape (n,)
        Places in the problem.
    maps : list of arrays of shape (p, h, t, t)
    entropy : array of shape (n, p, h)
        Mean over positions, in bits, over log2 t: 0 one place, 1 all alike. NaN for one token.
    effect : array of shape (n, p, h), or None
        Score minus score without the head: positive where the head raised it.
    alike : list of arrays of shape (labels, t)
        Cosine of each token's input embedding with that of the label's name.
    """

    samples: Integers
    maps: list[Floats]
    entropy: Floats
    effect: Floats | None
    alike: list[Floats]
    labels: tuple[str, ...]
    evaluations: int
    notes: dict[str, Json]


def explain(
    problem: UnitProblem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> HeadsResult:
    """Look at the heads of the first samples.

    Raises
    ------
    XaiError
        If every text is too long for its maps to be kept, or the maps are not of t × t.
    """
    heads = cast("Heads", problem.extras["heads"])
    layers, width = heads.shape()
    chosen = _fitting(problem.sizes[:SAMPLES], layers * width)
    per_sample = 2 + layers * width
    maps, entropies, effects = [], [], []
    for done, sample in enumerate(chosen, start=1):
        maps.append(_maps(problem, int(sample), (layers, width)))
        entropies.append(entropy(maps[-1]))
        effects.append(heads.effect(int(sample)))
        progress(done * per_sample, len(chosen) * per_sample)
    known = [effect for effect in effects if effect is not None]
    can = len(known) == len(effects)
    return HeadsResult(
        samples=chosen,
        maps=maps,
        entropy=np.array(entropies).reshape(len(chosen), layers, width),
        effect=np.array(known) if can else None,
        alike=[heads.alike(int(sample)) for sample in chosen],
        labels=heads.labels,
        evaluations=len(chosen) * (per_sample if can else 2),
        notes={
            "layers": layers,
            "heads": width,
            "left_out": int(min(len(problem.rows), SAMPLES) - len(chosen)),
            "has_effect": can,
        },
    )


def entropy(maps: Floats) -> Floats:
    """Return the mean entropy of the rows of maps (p, h, t, t), as a share of log2 t."""
    size = maps.shape[-1]
    if size < 2:
        return np.full(maps.shape[:2], np.nan)
    logs = np.log2(maps, out=np.zeros_like(maps), where=maps > 0)
    bits = -(maps * logs).sum(axis=-1)
    return np.asarray(bits.mean(axis=-1) / np.log2(size))


def _fitting(sizes: Integers, heads: int) -> Integers:
    """Return the samples, first come first, whose maps fit together into memory."""
    kept, cells = [], 0
    for sample, size in enumerate(sizes):
        own = heads * int(size) ** 2
        if size and cells + own <= CELLS_MOST:
            kept.append(sample)
            cells += own
    if not kept:
        raise XaiError(
            f"The first {len(sizes)} texts are empty or too long to keep the map of every head of "
            "this model. Choose rows with shorter texts."
        )
    return np.array(kept, dtype=np.int64)


def _maps(problem: UnitProblem, sample: int, shape: tuple[int, int]) -> Floats:
    attention = problem.attention
    assert attention is not None  # noqa: S101 - the card asks for it
    layers = [layer[0].double().numpy() for layer in attention.maps(np.array([sample]))]
    size = int(problem.sizes[sample])
    if len(layers) != shape[0] or any(one.shape != (shape[1], size, size) for one in layers):
        raise XaiError(
            "This model's attention is not a map of tokens by tokens for every head, so its heads "
            "are not shown. Choose other methods."
        )
    return np.stack(layers)
