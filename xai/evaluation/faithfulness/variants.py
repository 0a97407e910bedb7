"""How far two baselines agree on which method is better: of pairs, not of places.

Source: Otero, Parapar and Ferro, How Discriminative Are Your Qrels?, SIGIR 2023,
https://arxiv.org/abs/2308.09340, with baselines for relevance judgements; McKechnie et al., SIGIR
2025, https://arxiv.org/abs/2507.07924, for balanced accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai.evaluation.faithfulness.league import Decision


@dataclass(frozen=True, slots=True)
class Variants:
    """Pairs of contestants under two baselines.

    Attributes
    ----------
    both_alike, both_opposite : int
        Significant under both, in the same or in the opposite direction (AA, AD).
    one_alike, one_opposite : int
        Significant under one (MA, MD).
    none_alike, none_opposite : int
        Significant under neither (PA, PD).
    precision, recall : float or None
        `both_alike` as a share of what is significant under the second, under the first.
    balanced : float or None
        Balanced accuracy of what is significant under the second for what is under the first.
    """

    both_alike: int
    both_opposite: int
    one_alike: int
    one_opposite: int
    none_alike: int
    none_opposite: int
    precision: float | None
    recall: float | None
    balanced: float | None


def compare(first: Sequence[Decision], second: Sequence[Decision]) -> Variants:
    """Compare the decisions on the same pairs under two baselines."""
    counts = [[0, 0], [0, 0], [0, 0]]
    table = [[0, 0], [0, 0]]
    for one, other in zip(first, second, strict=True):
        significant = bool(one.winner), bool(other.winner)
        is_opposite = (one.difference > 0) != (other.difference > 0)
        counts[2 - sum(significant)][is_opposite] += 1
        table[significant[0]][significant[1]] += 1
    there = [sum(row[1] for row in table), sum(table[1])]
    shares = [
        table[is_first][is_first] / sum(table[is_first])
        for is_first in (0, 1)
        if sum(table[is_first])
    ]
    both, single, none = counts
    return Variants(
        both_alike=both[0],
        both_opposite=both[1],
        one_alike=single[0],
        one_opposite=single[1],
        none_alike=none[0],
        none_opposite=none[1],
        precision=counts[0][0] / there[0] if there[0] else None,
        recall=counts[0][0] / there[1] if there[1] else None,
        balanced=sum(shares) / 2 if len(shares) == 2 else None,
    )
