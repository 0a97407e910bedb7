"""How long a method takes: by evaluations, or as tables of trees and the trees' library would."""

from __future__ import annotations

from collections.abc import Mapping

from xai.methods.card import Card, Size
from xai.methods.cards.generation import tokens_of
from xai.methods.catalogue import GENERATION
from xai.methods.shapley.pairs.order import count
from xai.methods.shapley.trees import pay
from xai.vocabulary import Json

SPOKEN = 30
"""Tokens of the texts on which the speed of a language model is measured."""
DEFAULT_SPEED = 20_000.0
"""Evaluations per second where none was measured."""


def speed(model: Mapping[str, Json], size: Size | None = None) -> float:
    """Return evaluations per second at the largest measured batch, for texts of a run's length."""
    measured = model.get("speed") or [{"per_second": DEFAULT_SPEED}]
    found = float(measured[-1]["per_second"])
    if size is not None and model.get("kind") == GENERATION:
        found *= SPOKEN / max(1, tokens_of(size))
    return max(1.0, found)


def seconds(
    card: Card,
    params: Mapping[str, Json],
    size: Size,
    model: Mapping[str, Json],
    planned: int,
) -> float:
    """Return the seconds of a method of `planned` evaluations, of all shards together.

    Parameters
    ----------
    model : mapping
        The facts found by inspection.
    """
    exact = _of_trees(params, size, model) if "trees" in card.exact_with else None
    spent = planned * card.weight / speed(model, size) if exact is None else exact
    return spent + card.seconds_per_row * size.rows


def numbers(card: Card, params: Mapping[str, Json], size: Size) -> int:
    """Return how many numbers a method for tables answers: what a shard holds in memory."""
    if size.units or card.scope != "local":
        return 0
    pairs = count(size.features) if params.get("interactions") else 0
    return size.rows * (size.features + pairs)


def _of_trees(params: Mapping[str, Json], size: Size, model: Mapping[str, Json]) -> float | None:
    """Return the seconds of exact values of trees; None where a model has none."""
    measured = float(model.get("contribution_speed") or 0)
    if not size.has_trees or not measured:
        return None
    work, pace = float(model.get("tree_work") or 0), float(model.get("tree_pace") or 0)
    of_pairs = bool(params.get("interactions"))
    always = params.get("tree_game") != "path-dependent" or of_pairs
    if work and (always or pay.pays(size.rows, work, pace)):
        return pay.seconds(size.rows, size.features, work, of_pairs=of_pairs)
    return size.rows / max(1.0, measured)
