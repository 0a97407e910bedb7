"""Built-in importance: what the model file itself says about its features.

Source: Breiman et al., Classification and Regression Trees, 1984 (impurity); Friedman, Greedy
Function Approximation, Annals of Statistics 2001, section 8.1 (gain and its sum over trees); for
linear models the coefficient's size times the spread of its feature.
Cost: no evaluation of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai.errors import NotApplicable
from xai.vocabulary import Importance, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def rank(
    problem: Problem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
    features: range | None = None,  # noqa: ARG001 - never cut: the file is read as a whole
) -> tuple[Importance, ...]:
    """Return the importances that the model carries, one per kind.

    Raises
    ------
    NotApplicable
        If it carries none.
    """
    if problem.builtin is None:
        raise NotApplicable("This model carries no importance of its own.")
    found = problem.builtin()
    progress(1, 1)
    return found
