"""What analyses find, without a model: known numbers, put together by the product's own endings."""

from __future__ import annotations

import json

import numpy as np

from xai.analyses import simpler
from xai.runner.analyses import plain
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


def found_of(slug):
    """Return what `<slug>.json` holds."""
    made = {"simpler": lambda: simpler.conclude(parts_of_simpler())}
    return plain(made[slug]())


def write(slug, folder):
    """Write the folder of a finished analysis."""
    folder.mkdir(parents=True)
    (folder / f"{slug}.json").write_text(json.dumps(found_of(slug)))
    job = {"role": "analysis", "method": slug, "title": slug, "scope": "analysis", "names": []}
    (folder / "job.json").write_text(json.dumps(job))
    return folder
