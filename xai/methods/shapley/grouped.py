"""Grouped Shapley values: correlated features act as one player and get one value.

Source: groups as players, Jullum, Redelmeier and Aas, groupShapley, CEUR 3014, 2021,
https://ceur-ws.org/Vol-3014/paper3.pdf; aspects by correlation, Pekala, Woznica and Biecek,
Triplot, 2021, https://arxiv.org/abs/2104.03403, with complete linkage on 1 − |Spearman|.
Departure: categories are compared by Cramér's V and the correlation ratio, see `aspects.py`.
Cost: coalitions of groups × background rows per input, at most the cost of ungrouped values; one
evaluation per input with trees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xai.methods.shapley.aspects import associations, cut, merge
from xai.methods.shapley.budget import GAUSSIAN_PROCESS, Budget
from xai.methods.shapley.players import play
from xai.methods.shapley.trees.exact import checked, interventional
from xai.vocabulary import Attribution, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem

NAME_LENGTH = 60
"""Characters of a group's name, so that it fits beside a bar."""


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    threshold: float = 0.5
    coalitions: int = 512
    exact_up_to: int = 10
    error_target: float = 0.0
    estimator: str = GAUSSIAN_PROCESS


def attribute(
    problem: Problem, params: Params, progress: Progress = ignore_progress
) -> Attribution:
    """Attribute the score of each input to groups of features.

    Returns
    -------
    Attribution
        One value per group, complete; `members` are the features of each group. A group's value
        is not the sum of its features' own Shapley values: what they do together stays inside.
        `notes` holds the tree of merges ("linkage", "order") and the groups, for the dendrogram.
    """
    tree, order = merge(associations(problem.reference, problem.categorical))
    members = cut(tree, params.threshold)
    names = tuple(name([problem.names[j] for j in group]) for group in members)
    exact = interventional(problem, members)
    if exact is not None:
        found = checked(problem, exact, progress, names)
        how = exact.algorithm
    else:
        found, how = _played(problem, members, params, progress)
    return replace(
        found,
        names=names,
        members=members,
        notes={
            **found.notes,
            "algorithm": f"groups as players: {how}",
            "threshold": params.threshold,
            "linkage": tree.tolist(),
            "order": order,
            "groups": [list(group) for group in members],
        },
    )


def _played(
    problem: Problem, members: tuple[tuple[int, ...], ...], params: Params, progress: Progress
) -> tuple[Attribution, str]:
    limits = (params.coalitions, params.exact_up_to, params.error_target)
    budget = Budget(*limits, estimator=params.estimator)
    found = play(problem, members, budget, progress)
    how = "every coalition" if found.error is None else budget.words
    return found, f"marginal, {how}"


def name(features: list[str]) -> str:
    """Join the names of a group, cut when the line grows long."""
    whole = " + ".join(features)
    if len(whole) <= NAME_LENGTH or len(features) == 1:
        return whole
    kept = 1
    while len(" + ".join(features[: kept + 1])) <= NAME_LENGTH - len(" + 99 more"):
        kept += 1
    return f"{' + '.join(features[:kept])} + {len(features) - kept} more"
