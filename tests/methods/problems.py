"""Small problems with known answers, and a score that counts its rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xai.vocabulary import Problem


class Counted:
    """A score of rows that counts them."""

    def __init__(self, function):
        self.function, self.rows = function, 0

    def __call__(self, rows, of):
        assert len(rows) == len(of)
        self.rows += len(rows)
        return self.function(rows)


def problem(function, *, n=4, d=5, b=3, seed=0, **others):
    """Return a problem on normal data; `function` maps rows to scores."""
    rng = np.random.default_rng(7)
    data = rng.normal(size=(200, d))
    score = Counted(function)
    found = Problem(
        names=tuple(f"f{i}" for i in range(d)),
        categorical=(False,) * d,
        rows=np.arange(n),
        inputs=data[:n].copy(),
        background=data[-b:].copy(),
        reference=data,
        score=score,
        seed=seed,
        reference_score=score,
    )
    return replace(found, **others)


def game(function, players, **others):
    """Return the problem whose game for the one input is `function` of 0/1 rows."""
    return problem(
        function,
        d=players,
        n=1,
        b=1,
        inputs=np.ones((1, players)),
        background=np.zeros((1, players)),
        **{"reference_score": None, **others},
    )


def part(whole, start, stop):
    """Cut a problem to some of its inputs, as a shard does."""
    labels = None if whole.labels is None else whole.labels[start:stop]

    def score(rows, of):
        return whole.score(rows, of + start)

    return replace(
        whole,
        rows=whole.rows[start:stop],
        inputs=whole.inputs[start:stop],
        labels=labels,
        score=score,
    )


def curved(rows):
    """Score rows with interactions of every order: no method is exact on it by luck."""
    weight = np.linspace(-1, 1, rows.shape[1])
    return np.tanh(rows @ weight) + 0.3 * rows[:, 0] * rows[:, 1]
