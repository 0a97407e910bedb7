"""Every attention head by itself: its map, its entropy, and the score without it.

Source: Michel, Levy and Neubig, Are Sixteen Heads Really Better than One?, NeurIPS 2019,
https://arxiv.org/abs/1905.10650: a head is left out by zeroing its output before the projection.
Cost: 2 + layers × heads forward passes per text, for at most 16 texts; one more where the model
shows how its labels attend to tokens.
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
    """Those whose names have an embedding."""
    outputs: tuple[str, ...]
    """All of them."""

    def shape(self) -> tuple[int, int]:
        """Return layers, and heads of a layer."""

    def effect(self, sample: int) -> Floats | None:
        """Return score minus score without each head, (layers, heads).

        None where the place where heads are joined was not found in the network.
        """

    def alike(self, sample: int) -> Floats:
        """Return how alike tokens and label names are, (labels, t); NaN where undefined."""

    def attended(self, sample: int) -> Floats | None:
        """Return how each output attends to each token by the model itself, (outputs, t).

        None where the model shows no such thing.
        """


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
        Mean over positions, over the most that it can be: 0 one place, 1 all alike. A position
        that sees s tokens has at most log2 s bits: t of them, or in a causal network those up to
        itself. NaN for one token.
    effect : array of shape (n, p, h), or None
        Score minus score without the head: positive where the head raised it.
    alike : list of arrays of shape (labels, t)
        Cosine of each token's input embedding with that of the label's name.
    attended : list of arrays of shape (outputs, t), or None
        The model's own attention of its labels to tokens, where it shows one.
    """

    samples: Integers
    maps: list[Floats]
    entropy: Floats
    effect: Floats | None
    alike: list[Floats]
    labels: tuple[str, ...]
    attended: list[Floats] | None
    outputs: tuple[str, ...]
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
    maps, effects = [], []
    for done, sample in enumerate(chosen, start=1):
        maps.append(_maps(problem, int(sample), (layers, width)))
        effects.append(heads.effect(int(sample)))
        progress(done * per_sample, len(chosen) * per_sample)
    known = [effect for effect in effects if effect is not None]
    can, causal = len(known) == len(effects), all(map(_is_causal, maps))
    entropies = [entropy(one, causal=causal) for one in maps]
    seen = [heads.attended(int(sample)) for sample in chosen]
    attended = [one for one in seen if one is not None]
    shows = len(attended) == len(seen)
    return HeadsResult(
        samples=chosen,
        maps=maps,
        entropy=np.array(entropies).reshape(len(chosen), layers, width),
        effect=np.array(known) if can else None,
        alike=[heads.alike(int(sample)) for sample in chosen],
        labels=heads.labels,
        attended=attended if shows else None,
        outputs=heads.outputs,
        evaluations=len(chosen) * ((per_sample if can else 2) + shows),
        notes={
            "layers": layers,
            "heads": width,
            "left_out": int(min(len(problem.rows), SAMPLES) - len(chosen)),
            "has_effect": can,
            "is_causal": causal,
        },
    )


def entropy(maps: Floats, *, causal: bool = False) -> Floats:
    """Return the mean entropy of the rows of maps (p, h, t, t), as a share of the most it can be.

    Parameters
    ----------
    causal : bool
        A row sees only the columns up to its own, so log2 of its place is the most it can have.
    """
    size = maps.shape[-1]
    if size < 2:
        return np.full(maps.shape[:2], np.nan)
    logs = np.log2(maps, out=np.zeros_like(maps), where=maps > 0)
    bits = -(maps * logs).sum(axis=-1)
    most = np.log2(np.arange(1, size + 1)) if causal else np.full(size, np.log2(size))
    return np.asarray(bits.mean(axis=-1) / most.mean())


def _is_causal(maps: Floats) -> bool:
    """Return whether no head of no layer looks at a later token."""
    return not np.triu(maps, 1).any()


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
