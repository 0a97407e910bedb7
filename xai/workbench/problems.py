"""A shard of a recipe as a method sees it: a score, inputs, a background, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from xai.trees import TreeGame
from xai.vocabulary import Contributions, Floats, Importance, Integers, Problem, Recipe, Score
from xai.workbench.opened import Opened

LEAST = 0.01
"""Probability below which a wrong answer costs no more. A forest of 100 trees answers in steps of
about 1 %: its 0 is "none of my trees", not "never", and one such row would outweigh all others."""


def pose(
    opened: Opened, recipe: Recipe, seed: int, start: int, stop: int
) -> tuple[Problem, Integers]:
    """Return the problem for chosen rows `start` to `stop`, and the target of each row."""
    rows = opened.chosen[start:stop]
    inputs = opened.table.matrix[rows]
    targets = opened.targets(opened.outputs(inputs), recipe.target)
    labels = None if opened.labels is None else opened.labels[rows]
    problem = Problem(
        names=tuple(column.name for column in opened.table.columns),
        categorical=tuple(column.kind != "number" for column in opened.table.columns),
        rows=rows,
        inputs=inputs,
        background=opened.background,
        reference=opened.reference,
        score=_score(opened, targets),
        seed=seed,
        labels=labels,
        loss=None if labels is None else _loss(opened, labels),
        contributions=_contributions(opened, targets),
        builtin=_builtin(opened),
        is_classification=opened.facts.problem == "classification",
        trees=_trees(opened, targets),
        reference_score=_reference_score(opened, recipe.target),
    )
    return problem, targets


def _score(opened: Opened, targets: Integers) -> Score:
    def score(rows: Floats, of: Integers) -> Floats:
        return opened.outputs(rows)[np.arange(len(rows)), targets[of]]

    return score


def _reference_score(opened: Opened, target: str) -> Score:
    @cache  # found when a method asks for the first time: most never do
    def targets() -> Integers:
        return opened.targets(opened.outputs(opened.reference), target)

    def score(rows: Floats, of: Integers) -> Floats:
        return opened.outputs(rows)[np.arange(len(rows)), targets()[of]]

    return score


def _loss(opened: Opened, labels: Floats) -> Score:
    def log_loss(rows: Floats, of: Integers) -> Floats:
        truth = labels[of]
        known = np.isfinite(truth)
        column = np.where(known, truth, 0).astype(np.int64)
        share = probabilities(opened, rows)[np.arange(len(rows)), column]
        return np.where(known, -np.log(np.clip(share, LEAST, 1.0)), np.nan)

    def squared(rows: Floats, of: Integers) -> Floats:
        return (opened.outputs(rows)[:, 0] - labels[of]) ** 2

    return log_loss if opened.facts.problem == "classification" else squared


def probabilities(opened: Opened, rows: Floats) -> Floats:
    """Return the probability of each class, (m, k); of margins and logits the softmax."""
    shares = opened.bound.probabilities(rows)
    if shares is not None:
        return np.asarray(shares, dtype=np.float64)
    outputs = opened.outputs(rows)
    if opened.facts.output == "margin" and outputs.shape[1] == 2:
        outputs = outputs / 2  # binary margins come as (-margin, margin)
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _contributions(opened: Opened, targets: Integers) -> Callable[[Floats], Contributions] | None:
    if "trees" not in opened.facts.capabilities:
        return None

    def contributions(inputs: Floats) -> Contributions:
        return opened.bound.contributions(inputs, targets)

    return contributions


def _trees(opened: Opened, targets: Integers) -> TreeGame | None:
    if "trees" not in opened.facts.capabilities:
        return None
    return TreeGame(opened.bound.ensemble, targets, len(opened.chosen))


def _builtin(opened: Opened) -> Callable[[], tuple[Importance, ...]] | None:
    if "builtin" not in opened.facts.capabilities:
        return None

    def builtin() -> tuple[Importance, ...]:
        return opened.bound.builtin(opened.reference)

    return builtin
