"""Random small ensembles, and their Shapley values by the definition, one coalition at a time."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from xai.trees import NUMBER, join

COLUMNS, CATEGORY = 5, 4
"""The last column holds categories."""


def grow(rng, depth):
    """Return one random tree as arrays over its nodes."""
    nodes = {name: [] for name in ("left", "right", "column", "cut", "missing_left", "cover",
        "value", "choice")}  # fmt: skip
    choices = []

    def node(level, cover):
        place = len(nodes["left"])
        for held in nodes.values():
            held.append(0)
        is_leaf = level == depth or rng.random() < 0.2
        column = int(rng.integers(COLUMNS))
        nodes["column"][place], nodes["cover"][place] = column, cover
        nodes["cut"][place] = np.round(rng.normal(), 1)
        nodes["missing_left"][place] = bool(rng.random() < 0.5)
        nodes["choice"][place] = NUMBER
        nodes["left"][place] = nodes["right"][place] = -1
        nodes["value"][place] = rng.normal() if is_leaf else 0.0
        if is_leaf:
            return place
        if column == CATEGORY:
            nodes["choice"][place] = len(choices)
            choices.append(rng.random(rng.integers(2, 6)) < 0.5)
        share = rng.uniform(0.1, 0.9)
        nodes["left"][place] = node(level + 1, cover * share)
        nodes["right"][place] = node(level + 1, cover * (1 - share))
        return place

    node(0, 100.0)
    return {name: np.array(held) for name, held in nodes.items()}, choices


def ensemble(seed, trees=3, depth=4, **others):
    """Return a random ensemble with numbers, categories and missing values."""
    rng, parts, choices = np.random.default_rng(seed), [], []
    for _ in range(trees):
        part, own = grow(rng, depth)
        part["choice"] = np.where(part["choice"] == NUMBER, NUMBER, part["choice"] + len(choices))
        parts.append(part)
        choices += own
    given = {"zero_is_missing": np.zeros(COLUMNS, dtype=bool), "is_single": False, **others}
    return join(parts, 0.3, choices=tuple(choices), **given)


def rows(seed, n):
    """Return rows with ties to the cuts, unknown categories and missing values."""
    rng = np.random.default_rng([seed, 1])
    found = np.round(rng.normal(size=(n, COLUMNS)), 1)
    found[:, CATEGORY] = rng.integers(-1, 7, n)
    found[rng.random(found.shape) < 0.15] = np.nan
    return found


def goes_left(trees, node, x):
    """Follow one comparison, by the definition."""
    value, choice = x[trees.column[node]], trees.choice[node]
    if np.isnan(value):
        return trees.missing_left[node]
    if choice == NUMBER:
        return value <= trees.cut[node]
    told = trees.choices[choice]
    return told[int(value)] if 0 <= value < len(told) - 1 else told[-1]


def by_cover(trees, node, x, inside):
    """Return the mean of a subtree where absent columns split by cover."""
    if trees.left[node] < 0:
        return trees.value[node]
    sides = trees.left[node], trees.right[node]
    if trees.column[node] in inside:
        return by_cover(trees, sides[0 if goes_left(trees, node, x) else 1], x, inside)
    weights = trees.cover[list(sides)] / trees.cover[node]
    return sum(w * by_cover(trees, s, x, inside) for w, s in zip(weights, sides, strict=True))


def path_game(trees, x):
    """Return the path-dependent game of a row."""
    return lambda inside: sum(by_cover(trees, root, x, inside) for root in trees.roots)


def marginal_game(trees, x, background, members):
    """Return the marginal game of a row, with these groups of columns as players."""

    def game(inside):
        columns = [c for player in inside for c in members[player]]
        mixed = background.copy()
        mixed[:, columns] = x[columns]
        return np.mean(trees.predict(mixed)) - trees.offset

    return game


def shapley(game, players):
    """Average what a player adds over all orders."""
    found, worth, orders = np.zeros(players), {}, list(permutations(range(players)))
    for order in orders:
        for place, player in enumerate(order):
            for inside in (frozenset(order[:place]), frozenset(order[: place + 1])):
                if inside not in worth:
                    worth[inside] = game(inside)
            added = worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])]
            found[player] += added / len(orders)
    return found
