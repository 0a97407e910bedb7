"""A finished run in a folder, without a model: known numbers, written by the product's writers."""

from __future__ import annotations

import hashlib

import numpy as np

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.evaluation.faithfulness.files import write
from xai.evaluation.faithfulness.foretold import foretell
from xai.evaluation.faithfulness.league import Measured
from xai.methods import catalogue
from xai.reports.results import Results
from xai.runner import agreement, strategies, tables
from xai.runner.manifest import manifest
from xai.runner.merge import write_folder
from xai.vocabulary import MethodChoice, Recipe

NAMES = (
    "age", "income", "hours per week", "capital gain", "education", "debt", "children", "noise",
)  # fmt: skip
EVIL = ("<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "a\u202eb & \"c'")
METHODS = ("shapley", "grouped_shapley", "occlusion", "lime", "random", "permutation")
LOCAL = ("shapley", "grouped_shapley", "occlusion", "lime")
BASELINES = (
    Baseline("rows", "Rows of the data", "Background rows in turn."),
    Baseline("mean", "Mean", "The mean of the column."),
)
MODEL_SHA, DATA_SHA = (hashlib.sha256(name.encode()).hexdigest() for name in ("model", "data"))


def write_run(
    folder, *, rows=60, names=NAMES, methods=METHODS, problem="classification", errors=None,
    labels=True, seed=0, model_name="credit.json", measured=True, pairs="",
):  # fmt: skip
    """Write the folders of a run and return its `Results`."""
    source = _Source(names, rows, problem, seed, labels=labels)
    source.pairs = pairs
    recipe = Recipe(
        model=MODEL_SHA, dataset=DATA_SHA, rows=f"0:{rows}", label="truth" if labels else "",
        methods=tuple(_choice(slug, pairs=pairs) for slug in (*methods, *(errors or {}))),
    )  # fmt: skip
    folders = {"predictions": source.predictions(folder / "predictions")}
    for slug in methods:
        write = source.whole if catalogue.card(slug).scope == "global" else source.local
        folders[slug] = write(slug, "method", folder / slug)
    for slug in {"lime"} & set(methods):
        folders[f"self:{slug}"] = source.local(slug, "self", folder / f"self-{slug}")
    if len({"shapley", "grouped_shapley", "occlusion", "lime"} & set(methods)) > 1:
        job = _job("agreement", "", 0)
        agreement.evaluate(folders, folder / "agreement", job)
        folders["agreement"] = folder / "agreement"
    if measured and (local := [s for s in methods if s in LOCAL]):
        folders["faithfulness"] = source.faithfulness(local, folders, folder / "faithfulness")
    folders |= with_strategies(folders, folder)
    described = manifest(
        recipe,
        {"name": model_name, "size": 81234, "facts": source.model_facts()},
        {"name": "people.csv", "size": 4321, "facts": source.data_facts()},
        isolation="full",
        errors=errors or {},
    )
    return Results.gather(described, folders)


def with_strategies(folders, folder):
    """Make the graphs of a run, as its last step does; return the folder under its name."""
    strategies.evaluate(folders, folder / "strategies", {"role": "strategies", "method": ""})
    return {"strategies": folder / "strategies"}


def _linear(weights):
    def score(kept, of):
        return (0.25 + (weights[of] * kept).sum(axis=1))[:, None]

    return score


def _contestant(method):
    values = np.empty((len(method.samples), sum(map(len, method.groups))))
    for unit, group in enumerate(method.groups):
        values[:, list(group)] = method.values[:, [unit]] / len(group)
    return Contestant(method.slug, list(values), method.base, is_complete=method.is_complete)


def _choice(slug, *, pairs=""):
    asked = {"interactions": True} if pairs and slug == "shapley" else {}
    return MethodChoice(slug, catalogue.card(slug).read(asked))


def _job(role, method, seed):
    params = dict(_choice(method).params) if method else {}
    key = hashlib.sha256(f"{role}{method}{seed}".encode()).hexdigest()
    return {"role": role, "method": method, "params": params, "seed": seed, "key": key}


class _Source:
    """A linear model on known inputs; every method sees it with noise of its own."""

    def __init__(self, names, rows, problem, seed, *, labels):
        self.random = np.random.default_rng(seed)
        self.names, self.problem, self.has_labels = tuple(names), problem, labels
        self.rows, d = np.arange(rows) * 2, len(names)
        self.inputs = self.random.normal(size=(rows, d)).round(2)
        self.inputs[:, -1] = self.random.integers(0, 3, rows)
        self.inputs[0, 0] = np.nan
        self.values = np.nan_to_num(self.inputs) * np.geomspace(2.0, 0.01, d)
        self.margin = 0.25 + self.values.sum(axis=1)
        regression = problem == "regression"
        self.outputs = ["value"] if regression else ["no", "yes"]
        self.targets = np.zeros(rows, int) if regression else (self.margin > 0).astype(int)
        self.signed = self.values if regression else self.values * (2 * self.targets - 1)[:, None]
        columns = [{"kind": "number", "is_integer": False, "categories": []} for _ in names]
        columns[-1] |= {"kind": "category", "categories": ["low", "<b>mid</b>", "high"]}
        self.facts = {
            "names": list(names), "columns": columns, "outputs": self.outputs, "problem": problem,
            "unit": "value" if regression else "margin", "members": None, "notes": {},
            "warnings": ["Column truth is not used by the model."], "scope": "local",
            "libraries": {"python": "3.11.9", "numpy": "2.4.6", "xgboost": "3.2.0"},
            "evaluations": 12345, "seconds": 1.5,
        }  # fmt: skip

    def predictions(self, folder):
        both = np.stack([-self.margin, self.margin], axis=1)
        share = 1 / (1 + np.exp(-self.margin))
        is_class = self.problem == "classification"
        arrays = {
            "rows": self.rows, "targets": self.targets, "inputs": self.inputs,
            "outputs": both if is_class else self.margin[:, None],
        }  # fmt: skip
        if is_class:
            arrays["probabilities"] = np.stack([1 - share, share], axis=1)
        if self.has_labels:
            noisy = self.margin + self.random.normal(size=len(self.rows))
            arrays["labels"] = (noisy > 0).astype(float) if is_class else noisy
            arrays["labels"][0] = np.nan
        made = {
            "predictions.parquet": tables.predictions(self.facts, arrays),
            "inputs.parquet": tables.inputs(self.facts, arrays),
        }
        write_folder(folder, made, self.facts | _job("predictions", "", 0))
        return folder

    def local(self, slug, role, folder):
        facts = self._facts(slug, role)
        noise = {"shapley": 0.0, "occlusion": 0.1, "lime": 0.3}.get(slug, 0.05)
        values = self.signed + noise * self.random.normal(size=self.signed.shape)
        arrays = {"rows": self.rows, "targets": self.targets, "values": values}
        if slug == "random":
            arrays["values"] = self.random.normal(size=values.shape)
        if slug == "grouped_shapley":
            members = [[0, 1], *([i] for i in range(2, len(self.names)))]
            facts |= {"names": [" + ".join(self.names[i] for i in g) for g in members]}
            facts |= {"members": members, "notes": {"threshold": 0.5, "groups": members}}
            arrays["values"] = np.stack([self.signed[:, g].sum(axis=1) for g in members], axis=1)
        if "shapley" in slug:
            sign = 2 * self.targets - 1 if self.problem == "classification" else 1
            arrays |= {
                "base": 0.25 * sign * np.ones(len(values)),
                "residual": np.zeros(len(values)),
            }
            facts["notes"] |= {"algorithm": "XGBoost's own tree Shapley values", "is_exact": True}
        if slug == "shapley" and self.pairs:
            d = values.shape[1]
            arrays["pairs"] = self.random.normal(size=(len(values), d * (d - 1) // 2))
            arrays["pairs"][:, 0] = 9.0
            if self.pairs == "sampled":
                arrays["pair_error"] = np.full(arrays["pairs"].shape, 0.25)
        if slug == "lime":
            arrays["error"] = np.full(values.shape, 0.3)
        write_folder(folder, tables.attribution_files(_label(facts, role), facts, arrays), facts)
        return folder

    def faithfulness(self, methods, folders, folder):
        """Measure the methods on the linear model itself, with two rows that stand in."""
        results = Results.gather({}, folders)
        n, d = self.signed.shape
        contests = []
        for shift in (0.0, 0.4):
            weights = self.signed - shift * np.sign(self.signed).mean(axis=0)
            field = Field(_linear(weights), np.full(n, d), self.rows, seed=0)
            contestants = [_contestant(results.method(s)) for s in methods]
            contests.append(contest(field, contestants))
            if not shift:
                foretell(field, contestants, contests[0])
        found = {
            name: np.stack([getattr(c, name) for c in contests], axis=1)
            for name in ("scores", "deletion", "insertion")
        }
        measured = Measured(self.rows, contests[0].slugs, tuple(b.slug for b in BASELINES), **found)
        write_folder(folder, {}, self.facts | _job("faithfulness", "", 0))
        write(measured, BASELINES, {"unmoved": []}, folder)
        return folder

    def whole(self, slug, _role, folder):
        size = np.abs(self.values).mean(axis=0)
        labels = ["builtin:gain", "builtin:split count"] if slug == "builtin" else [slug]
        d = len(self.names)
        rows = {
            "method": np.repeat(labels, d), "name": list(self.names) * len(labels),
            "value": np.tile(size, len(labels)), "low": np.tile(size * 0.9, len(labels)),
            "high": np.tile(size * 1.1, len(labels)),
        }  # fmt: skip
        table = tables.pa.table({k: tables.pa.array(v) for k, v in rows.items()})
        facts = self._facts(slug, "method") | {"units": dict.fromkeys(labels, "log-loss")}
        write_folder(folder, {"importance.parquet": table.cast(tables.IMPORTANCE)}, facts)
        return folder

    def model_facts(self):
        features = [{"name": n, "kind": "number", "categories": []} for n in self.names]
        return {
            "kind": "tabular", "format": "xgboost-json", "problem": self.problem,
            "architecture": "XGBoost classifier, 200 trees, depth 6", "outputs": self.outputs,
            "output": self.facts["unit"], "capabilities": ["trees", "builtin"], "trees": 200,
            "parameters": None, "notes": [], "features": features, "has_names": True,
        }  # fmt: skip

    def data_facts(self):
        columns = [{"name": name, "kind": "number"} for name in (*self.names, "truth")]
        return {"kind": "table", "format": "csv", "rows": 2 * len(self.rows), "columns": columns,
                "notes": ["1 of 120 values of age is missing."]}  # fmt: skip

    def _facts(self, slug, role):
        card = catalogue.card(slug)
        words = ("title", "family", "scope", "is_signed", "is_complete", "is_stochastic")
        stochastic = {"is_stochastic": slug in {"lime", "random"}}
        found = {word: getattr(card, word) for word in words} | stochastic
        return self.facts | {"notes": {}} | _job(role, slug, int(role == "self")) | found


def _label(facts, role):
    return {"method": facts["method"], "role": role}
