"""A second dataset beside the first: performance, importances, and what moved between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import ks_2samp

from xai.analyses import performance, rankings
from xai.errors import MissingColumn, NotApplicable
from xai.methods import catalogue
from xai.methods.perturbation import permutation
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench import gaps
from xai.workbench.opened import Opened, bind, load, read
from xai.workbench.problems import pose
from xai.workbench.tables import opened_for

MEASURED_MOST = 5_000
"""Rows of each dataset that the model is asked about."""
EXPLAINED_MOST, LOSSES_MOST = 100, 40
"""Rows of each that are explained by Shapley values, and whose loss is."""
COALITIONS, BACKGROUND = 128, 16
SHUFFLES = 5


def analyse(
    payload: Json, recipe: Recipe, _span: tuple[int, int], progress: Progress
) -> tuple[dict[str, np.ndarray], Json]:
    """Compare the two; the result is what `external.json` holds."""
    first = opened_for(payload, recipe)
    first = replace(first, chosen=gaps.usable(first.facts, first.table)[0])
    second = second_of(payload, recipe)
    sides = [_Side(opened, recipe, progress) for opened in (first, second)]
    names = [column.name for column in first.table.columns]
    is_class = first.facts.problem == "classification"
    result = {
        "problem": first.facts.problem,
        "unit": first.facts.output,
        "features": names,
        "sides": [side.facts() for side in sides],
        "performance": _performance(sides, recipe.seed, is_class=is_class),
        "importances": _importances(sides, recipe.seed),
        "shift": _shift(sides, first),
        "notes": [f"Second dataset: {note}" for note in second.notes],
    }
    spent = sum(side.spent for side in sides)
    return {}, {"result": result, "evaluations": spent}


def second_of(payload: Json, recipe: Recipe) -> Opened:
    """Return the model bound to the second dataset.

    Raises
    ------
    NotApplicable, MissingColumn
        If there is none, or its columns are not those of the first.
    """
    if not payload.get("external"):
        raise NotApplicable("There is no second dataset to compare with.")
    try:
        model = load(payload["model"], payload["format"])
        return bind(model, read(payload["external"]), recipe, every_usable=True)
    except MissingColumn as error:
        raise MissingColumn(f"The second dataset does not fit: {error}") from None


class _Side:
    """One of the two datasets, with what is computed of it."""

    def __init__(self, opened: Opened, recipe: Recipe, progress: Progress) -> None:
        self.opened, self.recipe = opened, recipe
        self.rows = len(opened.table.matrix)
        self.spent = 0
        self.asked = self._some(MEASURED_MOST, 11)
        self.outputs = opened.outputs(opened.table.matrix[self.asked])
        self.labels = np.full(len(self.asked), np.nan)
        if opened.labels is not None:
            self.labels = opened.labels[self.asked]
        self.spent += len(self.asked)
        self.known = np.isfinite(self.labels)
        self.inputs = opened.table.matrix[self.asked]
        self.shapley = self._explained(EXPLAINED_MOST, 12, of_loss=False)
        self.losses = self._explained(LOSSES_MOST, 13, of_loss=True) if self.known.any() else None
        self.permuted = self._permuted()
        progress(self.spent, self.spent)

    def facts(self) -> dict[str, Json]:
        """Return how many rows each number rests on."""
        return {
            "rows": self.rows,
            "asked": len(self.asked),
            "labelled": int(self.known.sum()),
            "explained": len(self.shapley),
            "losses": 0 if self.losses is None else len(self.losses),
        }

    def measured(self, seed: int, *, is_class: bool) -> tuple[dict[str, Json], Floats]:
        """Return the measures on labelled rows, and their draws."""
        return performance.bounded(
            self.outputs[self.known], self.labels[self.known], seed, is_classification=is_class
        )

    def _some(self, most: int, stream: int, *, labelled: bool = False) -> Integers:
        rows = self.opened.chosen
        if labelled and self.opened.labels is not None:
            rows = rows[np.isfinite(self.opened.labels[rows])]
        if len(rows) <= most:
            return rows
        random = np.random.default_rng([self.recipe.seed, stream])
        return np.sort(random.choice(rows, most, replace=False))

    def _explained(self, most: int, stream: int, *, of_loss: bool) -> Floats:
        """Return Shapley values of the output, or of the loss, of some rows, shape (n, d)."""
        chosen = self._some(most, stream, labelled=of_loss)
        problem, _ = pose(self._at(chosen), self.recipe, self.recipe.seed, 0, len(chosen))
        params = catalogue.card("shapley").read({})
        if of_loss:
            if problem.loss is None:
                raise NotApplicable("Without labels there is no loss to explain.")
            problem = replace(problem, score=problem.loss, reference_score=None)
        if of_loss or problem.trees is None:
            params |= {"coalitions": COALITIONS}
            problem = replace(problem, background=problem.background[:BACKGROUND])
        if of_loss:
            problem = replace(problem, trees=None, contributions=None)
        method = catalogue.load("shapley")
        found = method.attribute(problem, method.Params(**params))
        self.spent += int(found.evaluations)
        return np.asarray(found.values, dtype=np.float64)

    def _permuted(self) -> Floats | None:
        """Return permutation importance with its interval, shape (3, d); None without labels."""
        if not self.known.any():
            return None
        chosen = self.asked[self.known]
        problem, _ = pose(self._at(chosen), self.recipe, self.recipe.seed, 0, len(chosen))
        (found,) = permutation.rank(problem, permutation.Params(repeats=SHUFFLES))
        self.spent += found.evaluations
        return np.stack([found.values, _or_nan(found.low, found), _or_nan(found.high, found)])

    def _at(self, rows: Integers) -> Opened:
        return replace(self.opened, chosen=rows)


def _or_nan(ends: Floats | None, found: Json) -> Floats:
    return np.full(len(found.values), np.nan) if ends is None else ends


def _performance(sides: list[_Side], seed: int, *, is_class: bool) -> list[Json]:
    """Return each measure on both datasets, and the difference."""
    if not all(side.known.any() for side in sides):
        return []
    (first, a), (second, b) = (
        side.measured(seed + at, is_class=is_class) for at, side in enumerate(sides)
    )
    lines = []
    for at, slug in enumerate(first):
        low, high = performance.apart(a[:, at], b[:, at])
        change = second[slug]["value"] - first[slug]["value"]
        lines.append(
            {
                "slug": slug,
                "title": performance.TITLES[slug],
                "first": first[slug],
                "second": second[slug],
                "change": {"value": change, "low": low, "high": high},
            }
        )
    return lines


def _importances(sides: list[_Side], seed: int) -> list[Json]:
    """Return three importances of both datasets, and how alike their orders are."""
    found = []
    kinds: list[tuple[str, str, list[Floats | None]]] = [
        ("shapley", "Mean |Shapley value|", [side.shapley for side in sides]),
        ("loss", "Mean Shapley value of the loss", [side.losses for side in sides]),
    ]
    for slug, title, values in kinds:
        a, b = values
        if a is None or b is None:
            continue
        counts = [rankings.drawn(len(one), seed + 3 + at) for at, one in enumerate((a, b))]
        # Of the loss the sign is the finding: below 0 a feature lowers it.
        rows = [one if slug == "loss" else np.abs(one) for one in (a, b)]
        draws = [rankings.means_of(one, each) for one, each in zip(rows, counts, strict=True)]
        means = [one.mean(axis=0) for one in rows]
        found.append(
            {
                "slug": slug,
                "title": title,
                "first": _ends(means[0], draws[0]),
                "second": _ends(means[1], draws[1]),
                "alike": rankings.bounded((means[0], means[1]), (draws[0], draws[1])),
                "itself": _itself(rows[0], len(b), seed),
            }
        )
    a, b = sides[0].permuted, sides[1].permuted
    if a is not None and b is not None:
        both = rankings.alike(a[:1], b[:1])
        found.append(
            {
                "slug": "permutation",
                "title": "Permutation importance",
                "first": _three(a),
                "second": _three(b),
                "alike": {slug: {"value": one[0]} for slug, one in both.items()},
                "itself": {},
            }
        )
    return found


def _itself(values: Floats, other: int, seed: int) -> dict[str, Json]:
    """Return how alike two draws from the first dataset are, of the two sizes: what is noise."""
    rows = len(values)
    random = np.random.default_rng([seed, 14])
    draws = []
    for size in (rows, other):
        picked = random.integers(0, rows, (rankings.RESAMPLES, size))
        draws.append(values[picked].mean(axis=1))
    drawn = rankings.alike(draws[0], draws[1])
    return {
        slug: {
            "value": float(np.nanmean(one)),
            "low": float(np.nanpercentile(one, 2.5)),
            "high": float(np.nanpercentile(one, 97.5)),
        }
        for slug, one in drawn.items()
    }


def _ends(means: Floats, draws: Floats) -> dict[str, Json]:
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return {"value": means.tolist(), "low": low.tolist(), "high": high.tolist()}


def _three(rows: Floats) -> dict[str, Json]:
    return {"value": rows[0].tolist(), "low": rows[1].tolist(), "high": rows[2].tolist()}


def _shift(sides: list[_Side], opened: Opened) -> list[Json]:
    """Return how far each column itself moved, from 0 (the same) to 1."""
    found = []
    for at, column in enumerate(opened.table.columns):
        a, b = (side.inputs[:, at] for side in sides)
        known = [one[np.isfinite(one)] for one in (a, b)]
        if not all(len(one) for one in known):
            distance, p = np.nan, np.nan
        elif column.kind == "number":
            test = ks_2samp(known[0], known[1], method="asymp")
            distance, p = float(test.statistic), float(test.pvalue)
        else:
            distance, p = _variation(sides, at), np.nan
        missing = [float(np.isnan(one).mean()) for one in (a, b)]
        found.append({"name": column.name, "distance": distance, "p": p, "missing": missing})
    return found


def _variation(sides: list[_Side], at: int) -> float:
    """Return the total variation between the words of two columns, by name."""
    shares = []
    for side in sides:
        words = side.opened.table.columns[at].categories
        column = side.inputs[:, at]
        counts = np.bincount(column[np.isfinite(column)].astype(int), minlength=len(words))
        shares.append(dict(zip(words, counts / max(counts.sum(), 1), strict=False)))
    every = shares[0].keys() | shares[1].keys()
    return float(sum(abs(shares[0].get(w, 0) - shares[1].get(w, 0)) for w in every) / 2)
