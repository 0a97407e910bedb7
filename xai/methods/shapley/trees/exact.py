"""Exact values of tree models: by tables where they pay, else by the model's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.errors import XaiError
from xai.methods.meter import Meter
from xai.methods.shapley.pairs.order import count
from xai.methods.shapley.trees import pay
from xai.vocabulary import Attribution, Contributions

if TYPE_CHECKING:
    from xai.trees import Ensemble, TreeGame
    from xai.vocabulary import Floats, Integers, Problem, Progress

    Members = tuple[tuple[int, ...], ...]

TOLERANCE = 1e-4
"""Largest completeness gap of exact values, as a share of the scale of the score."""


def path_dependent(problem: Problem) -> Contributions | None:
    """Return the values whose background is the trees' own counts; None for other models."""
    if problem.contributions is None:
        return None
    game = problem.trees
    # The trees of a small run are not even counted.
    ensemble = game.ensemble if game is not None and game.rows >= pay.LEAST_ROWS else None
    if game and ensemble and pay.pays(game.rows, ensemble.work, ensemble.pace):
        played = (ensemble.owners, problem.inputs.shape[1])
        found = _look_up(game, ensemble, problem.inputs, played, None)
        if found is not None:
            return found
    return problem.contributions(problem.inputs)


def interventional(problem: Problem, members: Members) -> Contributions | None:
    """Return the exact values of the marginal game; None where there are no tables.

    Parameters
    ----------
    members : tuple of tuples of int
        The features of each player.
    """
    if problem.trees is None or problem.trees.ensemble is None:
        return None
    ensemble = problem.trees.ensemble
    played = (_players(problem, members)[ensemble.owners], len(members))
    background = ensemble.encode(problem.background)
    return _look_up(problem.trees, ensemble, problem.inputs, played, background)


def pairs_of_trees(problem: Problem, members: Members, tree_game: str) -> Floats:
    """Return the exact interactions of all pairs of players, shape (n, pairs).

    Raises
    ------
    XaiError
        If the trees do not fit into tables.
    """
    found = None
    if problem.trees is not None and problem.trees.ensemble is not None:
        ensemble = problem.trees.ensemble
        is_path = tree_game != "interventional"
        background = None if is_path else ensemble.encode(problem.background)
        played = (_players(problem, members)[ensemble.owners], len(members))
        found = _look_up(problem.trees, ensemble, problem.inputs, played, background, of_pairs=True)
    if found is None:
        raise XaiError(
            "The interactions of this model's trees cannot be computed: the trees do not fit into "
            "tables (very deep trees with a background, categories of histogram boosting, a "
            "branch that no training row took). Run Shapley values without interactions."
        )
    return found.values


def checked(
    problem: Problem, found: Contributions, progress: Progress, names: tuple[str, ...]
) -> Attribution:
    """Return exact values as an attribution, if they add up to the score.

    Raises
    ------
    XaiError
        If they do not.
    """
    meter = Meter(problem.score, len(problem.inputs), progress)
    score = meter(problem.inputs, np.arange(len(problem.inputs)))
    residual = score - found.base - found.values.sum(axis=1)
    scale = np.maximum(1.0, np.abs(found.values).sum(axis=1) + np.abs(found.base))
    worst = float(np.max(np.abs(residual) / scale, initial=0.0))
    if not worst <= TOLERANCE:
        raise XaiError(
            f"The tree contributions miss the model's score by {worst:.1e} of its scale, more "
            f"than {TOLERANCE:.0e}, so they are not shown."
        )
    return Attribution(
        names=names,
        values=found.values,
        base=found.base,
        residual=residual,
        evaluations=meter.done,
        notes={"algorithm": found.algorithm, "is_exact": True, "largest_gap": worst},
    )


def _players(problem: Problem, members: Members) -> Integers:
    """Return the player that each feature belongs to."""
    player = np.empty(problem.inputs.shape[1], dtype=np.int64)
    for position, features in enumerate(members):
        player[list(features)] = position
    return player


def _look_up(
    game: TreeGame,
    ensemble: Ensemble,
    inputs: Floats,
    played: tuple[Integers, int],
    background: Floats | None,
    *,
    of_pairs: bool = False,
) -> Contributions | None:
    """`played`: the player of each encoded column, and how many players there are."""
    from xai.methods.shapley.trees.tables import tables_of  # noqa: PLC0415 - numba, only if used

    rows, (owners, players) = ensemble.encode(inputs), played
    width = count(players) if of_pairs else players
    values, base, widest = np.zeros((len(inputs), width)), np.zeros(len(inputs)), 0
    for target in np.unique(game.targets):
        output = 0 if ensemble.is_mirrored else int(target)
        sign = -1.0 if ensemble.is_mirrored and target == 0 else 1.0
        found = tables_of(ensemble.outputs[output], owners, background, of_pairs=of_pairs)
        if found is None:
            return None
        of = game.targets == target
        added = sign * found.explain(rows[of])
        values[of, : added.shape[1]] = added
        base[of], widest = sign * found.base, max(widest, found.bits)
    kind = "path-dependent" if background is None else "interventional (marginal)"
    how = f"{kind} tree Shapley values, exact by tables of up to {widest} bits"
    return Contributions(values, base, how)
