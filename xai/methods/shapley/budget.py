"""How many coalitions are evaluated: the one place that decides, light enough for a web form."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_GAME = 62
"""Players beyond which 2^players is never enumerated (and would not fit a machine word)."""
SURVEY_ROWS, SURVEY_PAIRS = 256, 64
"""Rows scored before a game is sampled, and those of them scored again for each player."""
FIRST = 128
"""Coalitions tried before the error is looked at for the first time."""


GAUSSIAN_PROCESS, LEAST_SQUARES = "gaussian-process", "least-squares"
ESTIMATORS = (GAUSSIAN_PROCESS, LEAST_SQUARES)


@dataclass(frozen=True, slots=True)
class Budget:
    """What the user allows.

    Attributes
    ----------
    coalitions : int
        The most that are tried where not all are.
    exact_up_to : int
        Players up to which all are tried.
    error_target : float
        Half-width of the 95 % interval, in percent of the range of the score, at which a row is
        done; 0 to spend all coalitions.
    interactions : bool
        Estimate the interactions of pairs from the same coalitions.
    estimator : str
        Of `ESTIMATORS`.
    """

    coalitions: int = 512
    exact_up_to: int = 10
    error_target: float = 0.0
    interactions: bool = False
    estimator: str = GAUSSIAN_PROCESS

    @property
    def looks_first(self) -> bool:
        """Whether the model is looked at before it is sampled: for kernels, or for the range."""
        return self.estimator == GAUSSIAN_PROCESS or self.interactions or self.error_target > 0

    @property
    def words(self) -> str:
        """How values are found where not all coalitions are tried, for people."""
        names = {GAUSSIAN_PROCESS: "Gaussian process", LEAST_SQUARES: "least squares"}
        return f"sampled coalitions, {names[self.estimator]}"

    def rounds(self, players: int) -> list[int]:
        """Return how many coalitions are tried after each round; every round doubles them."""
        last = 2 * pairs(players, self.coalitions) + 2
        if not self.error_target:
            return [last]
        found = [min(2 * pairs(players, FIRST) + 2, last)]
        while found[-1] < last:
            found.append(min(2 * found[-1], last))
        return found


def is_exact(players: int, coalitions: int, exact_up_to: int) -> bool:
    """Tell whether every coalition is evaluated."""
    if players > LARGEST_GAME:
        return False
    return bool(2**players <= max(_sampled(players, coalitions), 2**exact_up_to))


def inner_coalitions(players: int, coalitions: int, exact_up_to: int) -> int:
    """Count the coalitions evaluated besides the empty and the full one, at most."""
    if is_exact(players, coalitions, exact_up_to):
        return int(2**players) - 2
    return 2 * pairs(players, coalitions)


def survey_evaluations(players: int, coalitions: int, exact_up_to: int) -> int:
    """Count the evaluations spent on looking at the model before sampling; 0 where exact."""
    if is_exact(players, coalitions, exact_up_to):
        return 0
    return SURVEY_ROWS + SURVEY_PAIRS * players


def pairs(players: int, coalitions: int) -> int:
    """Count the pairs (coalition, complement) of a sampled game."""
    return (_sampled(players, coalitions) - 2) // 2


def _sampled(players: int, coalitions: int) -> int:
    # Three pairs per player: the additive part alone has one unknown per player, and what is left
    # must say how far the game strays from it.
    return max(coalitions, 6 * players + 2)
