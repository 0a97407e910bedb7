"""How many coalitions are evaluated: the one place that decides, light enough for a web form."""

from __future__ import annotations

LARGEST_GAME = 62
"""Players beyond which 2^players is never enumerated (and would not fit a machine word)."""


def is_exact(players: int, coalitions: int, exact_up_to: int) -> bool:
    """Tell whether every coalition is evaluated."""
    if players > LARGEST_GAME:
        return False
    return bool(2**players <= max(_sampled(players, coalitions), 2**exact_up_to))


def inner_coalitions(players: int, coalitions: int, exact_up_to: int) -> int:
    """Count the coalitions evaluated besides the empty and the full one."""
    if is_exact(players, coalitions, exact_up_to):
        return int(2**players) - 2
    return 2 * pairs(players, coalitions)


def pairs(players: int, coalitions: int) -> int:
    """Count the pairs (coalition, complement) of a sampled game."""
    return (_sampled(players, coalitions) - 2) // 2


def _sampled(players: int, coalitions: int) -> int:
    # Three pairs per player: the additive part alone has one unknown per player, and the jackknife
    # must be able to leave pairs out.
    return max(coalitions, 6 * players + 2)
