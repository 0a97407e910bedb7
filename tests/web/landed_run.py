"""A run whose results lie in the data folder, written by the workers' own writers."""

from __future__ import annotations

import hashlib

import numpy as np

from xai.methods import catalogue
from xai.runner import agreement, tables
from xai.runner.merge import write_folder
from xai.vocabulary import MethodChoice, Recipe
from xai.web import files
from xai.web.models import Job, Run

LOCAL = ("shapley", "grouped_shapley", "occlusion", "lime", "random")
GLOBAL = ("permutation", "builtin")
EVIL = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a\u202eb & \"c'")


def land(owner, make_upload, *, rows=40, features=6, methods=LOCAL + GLOBAL, evil=False,
         seed=0, is_right=False):  # fmt: skip
    """Return a finished run with these methods, and agreement if two explain single rows."""
    names = [f"feature {i}" for i in range(features)]
    names[: 3 * evil] = EVIL[: 3 * evil]
    numbers = _Numbers(names, rows, seed)
    numbers.labels = numbers.targets if is_right else numbers.labels
    run = _run(owner, make_upload, methods, names)
    folders = {"predictions": _land(run, "predictions", "", numbers.predictions)}
    for slug in methods:
        writer = numbers.own if catalogue.card(slug).scope == "global" else numbers.local
        folders[slug] = _land(run, "method", slug, writer)
    if sum(slug in LOCAL and slug != "random" for slug in methods) > 1:
        again = numbers.local
        folders["self:lime"] = _land(run, "self", "lime", again) if "lime" in methods else None
        found = {key: folder for key, folder in folders.items() if folder}
        _land(run, "agreement", "", lambda job, path: agreement.evaluate(found, path, job))
    return run


def _run(owner, make_upload, methods, names):
    features = [{"name": name, "kind": "number", "categories": []} for name in names]
    facts = {"kind": "tabular", "format": "xgboost-json", "architecture": "XGBoost, 50 trees",
             "problem": "classification", "outputs": ["no", "yes"], "output": "margin",
             "capabilities": ["trees"], "parameters": None, "notes": [],
             "features": features}  # fmt: skip
    model = make_upload(owner, facts=facts)
    data = make_upload(owner, "dataset", name="people.csv")
    recipe = Recipe(model.sha256, data.sha256, tuple(MethodChoice(m, {}) for m in methods), seed=0)
    return Run.objects.create(
        owner=owner, model=model, dataset=data, recipe_json=recipe.as_json(), state="done"
    )


def _land(run, role, method, write):
    seed = 1 if role == "self" else 0
    key = hashlib.sha256(f"{run.pk}{role}{method}".encode()).hexdigest()
    job = Job.objects.create(
        run=run, position=run.jobs.count(), role=role, method=method, state="done", key=key,
        result=key, evaluations=1000, seconds=1.5, seed=seed,
    )  # fmt: skip
    folder = files.results(job.key)
    params = {"threshold": 0.5} if method == "grouped_shapley" else {}
    write({"role": role, "method": method, "params": params, "seed": seed, "key": key}, folder)
    return folder


class _Numbers:
    """A linear model of which every method tells a slightly different story."""

    def __init__(self, names, rows, seed):
        self.random = np.random.default_rng(seed)
        self.names, self.rows, self.d = names, np.arange(rows) * 3, len(names)
        self.inputs = self.random.normal(size=(rows, self.d)).round(3)
        self.inputs[:, -1] = self.random.integers(0, 3, rows)
        self.inputs[0, 1] = np.nan
        weights = np.linspace(2, 0.1, self.d)
        self.values = np.nan_to_num(self.inputs) * weights
        self.margin = 0.25 + self.values.sum(axis=1)
        self.targets = (self.margin > 0).astype(int)
        self.labels = np.where(self.rows % 5, self.targets, 1 - self.targets)
        self.values *= np.where(self.targets, 1, -1)[:, None]
        kinds = [{"name": n, "kind": "number", "categories": []} for n in names]
        kinds[-1] |= {"kind": "category", "categories": ["low", "<b>mid</b>", "high"]}
        self.facts = {
            "names": names, "outputs": ["no", "yes"], "problem": "classification",
            "unit": "margin", "columns": kinds, "libraries": {"numpy": "2"}, "warnings": [],
            "evaluations": 1000, "seconds": 1.5, "notes": {}, "scope": "local", "members": None,
        }  # fmt: skip

    def predictions(self, job, folder):
        arrays = {
            "rows": self.rows, "targets": self.targets, "inputs": self.inputs,
            "outputs": np.stack([-self.margin, self.margin], axis=1),
            "probabilities": _pair(1 / (1 + np.exp(-self.margin))),
            "labels": self.labels.astype(float),
        }  # fmt: skip
        made = {
            "predictions.parquet": tables.predictions(self.facts, arrays),
            "inputs.parquet": tables.inputs(self.facts, arrays),
        }
        write_folder(folder, made, self.facts | job)

    def local(self, job, folder):
        facts, slug = self._facts(job), job["method"]
        noise = {"shapley": 0.0, "occlusion": 0.2, "lime": 0.6}.get(slug, 0.1)
        values = self.values + noise * self.random.normal(size=self.values.shape)
        arrays = {"rows": self.rows, "targets": self.targets, "values": values}
        if slug == "random":
            arrays["values"] = self.random.normal(size=values.shape)
        if slug == "grouped_shapley":
            members = [[0, 1], *[[i] for i in range(2, self.d)]]
            facts["names"] = [" + ".join(self.names[i] for i in group) for group in members]
            facts |= {"members": members, "notes": {"linkage": _chain(self.d)}}
            arrays["values"] = np.stack([self.values[:, g].sum(axis=1) for g in members], axis=1)
        if "shapley" in slug:
            arrays["base"] = np.where(self.targets, 0.25, -0.25)
        if slug == "lime":
            arrays["error"] = np.full(values.shape, 0.3)
        write_folder(folder, tables.attribution_files(job, facts, arrays), facts)

    def own(self, job, folder):
        size = np.abs(self.values).mean(axis=0)
        labels = ["builtin:gain", "builtin:split count"]
        labels = labels if job["method"] == "builtin" else [job["method"]]
        unit = {"builtin:split count": "splits", "builtin:gain": "gain"}
        rows = {
            "method": np.repeat(labels, self.d), "name": self.names * len(labels),
            "value": np.tile(size, len(labels)), "low": np.tile(size * 0.9, len(labels)),
            "high": np.tile(size * 1.1, len(labels)),
        }  # fmt: skip
        table = tables._table({k: tables.pa.array(v) for k, v in rows.items()}, tables.IMPORTANCE)
        facts = self._facts(job) | {"units": {x: unit.get(x, "log-loss") for x in labels}}
        write_folder(folder, {"importance.parquet": table}, facts)

    def _facts(self, job):
        card = catalogue.card(job["method"])
        words = ("title", "family", "scope", "is_signed", "is_complete", "is_stochastic")
        return self.facts | job | {word: getattr(card, word) for word in words}


def _pair(p):
    return np.stack([1 - p, p], axis=1)


def _chain(d):
    links = [[0, 1, 0.2, 2]]
    links += [[d + i - 1, i + 1, 0.5 + 0.4 * i / d, i + 2] for i in range(1, d - 1)]
    return [[float(x) for x in link] for link in links]
