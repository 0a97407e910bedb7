"""Problems of differing units with known answers: the score is a function of players kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xai.units import FIXED, UnitProblem


class Played:
    """A score that counts its rows; sample i has its own function of kept players (m, p)."""

    def __init__(self, functions, players):
        self.functions, self.players, self.rows, self.calls = functions, players, 0, 0

    def __call__(self, kept, of):
        assert len(kept) == len(of)
        self.rows, self.calls = self.rows + len(of), self.calls + 1
        parts = [
            np.atleast_2d(self.functions[i](kept[j : j + 1, : self.count(i)].astype(float)).T).T
            for j, i in enumerate(of)
        ]
        widths = [part.shape[1] for part in parts]
        found = np.full((len(of), max(widths, default=1)), np.nan)
        for row, part in zip(found, parts, strict=True):
            row[: part.shape[1]] = part[0]
        return found

    def count(self, sample):
        return int(self.players[sample].max(initial=FIXED)) + 1


def played(functions, players, *, outputs=1, seed=0, **others):
    """Return the problem of these games; a player of several units is a word of several tokens."""
    players = tuple(np.asarray(each, dtype=np.int64) for each in players)
    found = UnitProblem(
        rows=np.arange(len(players)) * 3 + 5,
        names=tuple(tuple(f"t{j}" for j in range(len(each))) for each in players),
        shapes=tuple((len(each),) for each in players),
        players=players,
        outputs=(tuple(f"o{o}" for o in range(outputs)),) * len(players),
        score=Played(functions, players),
        seed=seed,
    )
    return replace(found, **others)


def words(*counts):
    """Return players of a text: a fixed token, words of so many tokens, a fixed token."""
    return np.array([FIXED, *np.repeat(np.arange(len(counts)), counts), FIXED])


def curved(width, seed=0):
    """Return a score of `width` players with interactions of every order."""
    draw = np.random.default_rng([seed, width])
    weight, pair = draw.normal(size=width), draw.normal(size=(width, width)) / max(width, 1)
    return lambda kept: np.tanh(kept @ weight + np.einsum("mi,ij,mj->m", kept, pair, kept))


def shapley_literally(function, players):
    """Return Shapley values by the sum over all coalitions, one at a time."""
    from itertools import combinations
    from math import factorial

    def value(members):
        kept = np.zeros((1, players))
        kept[0, list(members)] = 1
        return float(np.ravel(function(kept))[0])

    found = np.zeros(players)
    for player in range(players):
        others = [j for j in range(players) if j != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for members in combinations(others, size):
                found[player] += weight * (value((*members, player)) - value(members))
    return found
