"""The card of the attention heads, for text classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai.methods.card import Card, Size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xai.vocabulary import Json

SAMPLES = 16
"""Texts at most whose heads are shown: each has a map of t × t for every head."""
HEADS = 144
"""Heads of a typical model, 12 layers of 12: for the estimate."""


def _evaluations(_given: Mapping[str, Json], size: Size) -> int:
    return min(size.rows, SAMPLES) * (2 + HEADS)


ATTENTION_HEADS = Card(
    slug="attention_heads",
    colour=14,
    title="Attention heads",
    family="Attention",
    summary="Every head of every layer by itself, for the first texts: where it looks, how spread "
    "out that is, and what the score loses without the head. Not an attribution of words.",
    source="Michel, Levy and Neubig, NeurIPS 2019; Vaswani et al. 2017",
    module="xai.methods.attention.heads",
    cost="2 + layers × heads forward passes per text, for at most 16 texts",
    evaluations=_evaluations,
    scope="heads",
    slices="none",
    needs=("attention",),
)
