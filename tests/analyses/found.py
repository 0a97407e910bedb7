"""What analyses find: on known numbers, and on a small real model, by the product's own code."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skops.io import dump

from xai.analyses import simpler
from xai.analyses.catalogue import ANALYSES
from xai.analyses.plain import plain
from xai.vocabulary import Recipe
from xai.workbench.versions import versions

NAMES = ("age", "<b>income</b>", "debt")


def parts_of_simpler(rows=60, held=20, problem="classification", near=True):
    """Return two parts: ten splits, and thirty fits of five learners."""
    draw = np.random.default_rng(0)
    chance = np.array([0.10, 0.30, 0.12, 0.10, 0.11]) if near else np.array(
        [0.40, 0.42, 0.15, 0.10, 0.11]
    )  # fmt: skip
    labels = (np.arange(rows) % 2).astype(float)
    losses = np.full((10, 5, rows), np.nan)
    for split in range(10):
        test = np.arange(rows)[split % 2 :: 2] if problem == "regression" else np.arange(rows // 2)
        test = (test + split * rows // 2) % rows
        losses[split][:, test] = draw.random((5, len(test))) < chance[:, None]
    answers = (draw.random((30, 5, held)) < 0.5).astype(float)
    answers[:, 0] = answers[:1, 0]
    answers[1, 0, 0] = 1 - answers[0, 0, 0]
    shares = draw.dirichlet([2, 2], size=(30, 5, held))
    shares[:, 4] = np.nan
    facts = {
        "problem": problem, "labelled": rows + 5, "features": list(NAMES),
        "remarks": ["5 rows are left out."], "unit": "margin", "kind": "tabular", "warnings": [],
        "outputs": ["no", "yes"], "notes": {}, "evaluations": 10, "seconds": 1.0,
        "libraries": versions(), "names": [], "layout": "analysis",
    }  # fmt: skip
    own = {"own_losses": (draw.random(rows) < 0.15).astype(float)}
    splits = {"labels": labels, "losses": losses, "scores": 1 - np.nanmean(losses, axis=2), **own}
    draws = {
        "labels": labels, "answers": answers, "shares": shares,
        "reliance": draw.normal([0.1, 0.02, 0.0], 0.01, size=(30, 5, 3)),
        "own_answers": answers[0, 0], "own_reliance": np.array([0.1, 0.03, 0.0]),
    }  # fmt: skip
    return [(facts, splits), (facts, draws)]


def frame(rows=160, seed=0, shift=0.0):
    """Return a table in which the first column decides, with noise; `shift` moves it."""
    draw = np.random.default_rng(seed)
    numbers = draw.normal(size=(rows, 2)).round(2)
    noise = 0.5 * draw.normal(size=rows)
    return pd.DataFrame(
        {
            NAMES[0]: numbers[:, 0] + shift,
            NAMES[1]: numbers[:, 1],
            NAMES[2]: draw.choice(["low", "<i>mid</i>", "high"], rows),
            "truth": np.where(numbers[:, 0] + noise > 0, "yes", "no"),
        }
    )


@lru_cache
def files():
    """Write a logistic regression, its data and other data; return their paths."""
    folder = Path(tempfile.mkdtemp(prefix="analyses-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    learnt = frame(seed=9)
    encoder = ColumnTransformer(
        [("numbers", StandardScaler(), list(NAMES[:2])), ("words", OneHotEncoder(), [NAMES[2]])]
    )
    model = make_pipeline(encoder, LogisticRegression())
    dump(model.fit(learnt[list(NAMES)], learnt["truth"].to_numpy("U3")), folder / "model.skops")
    frame().to_csv(folder / "data.csv", index=False)
    frame(seed=1, shift=0.7).to_csv(folder / "other.csv", index=False)
    return {name: str(folder / name) for name in ("model.skops", "data.csv", "other.csv")}


RECIPE = Recipe("m" * 64, "d" * 64, (), rows="first:40", label="truth", external="e" * 64)


def analysed(slug, **changes):
    """Run an analysis of one part, as a shard does; return its arrays and its facts."""
    paths = files()
    payload = {
        "model": paths["model.skops"], "format": "skops", "dataset": paths["data.csv"],
        "external": paths["other.csv"], "job": {"method": slug, "seed": 0, "params": {}},
    }  # fmt: skip
    module = import_module(ANALYSES[slug].module)
    return module.analyse(payload | changes, RECIPE, (0, 1), lambda *_: None)


@lru_cache
def found_of(slug):
    """Return what `<slug>.json` holds."""
    if slug == "simpler":
        return plain(simpler.conclude(parts_of_simpler()))
    return plain(analysed(slug)[1]["result"])


def write(slug, folder):
    """Write the folder of a finished analysis."""
    folder.mkdir(parents=True)
    (folder / f"{slug}.json").write_text(json.dumps(found_of(slug)))
    job = {"role": "analysis", "method": slug, "title": slug, "scope": "analysis", "names": []}
    (folder / "job.json").write_text(json.dumps(job))
    return folder
