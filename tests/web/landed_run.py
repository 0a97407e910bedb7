"""A run whose results lie in the data folder, as the workers would have left them."""

from __future__ import annotations

import hashlib
import json
import shutil

from tests.reports import picture_run
from tests.reports.fixtures import EVIL, write_run
from tests.reports.text_run import DATA, MODEL, write_story_run, write_text_run
from xai.methods import catalogue
from xai.reports.results import STEPS
from xai.web import files
from xai.web.landed import Landed
from xai.web.models import Job, Run

METHODS = (
    "shapley", "grouped_shapley", "occlusion", "lime", "random", "permutation", "builtin",
)  # fmt: skip
__all__ = ["EVIL", "METHODS", "land", "land_pictures", "land_story", "land_text"]


def land(owner, make_upload, *, rows=40, features=6, evil=False, methods=METHODS, **choices):
    """Return a finished run; its samples are rows 0, 2, 4… of the dataset."""
    names = [f"feature {i}" for i in range(features)]
    names[: 3 * evil] = EVIL[: 3 * evil]
    scratch = files.scratch()
    results = write_run(scratch, rows=rows, names=names, methods=methods, **choices)
    recipe = results.manifest["recipe"]
    facts = {"architecture": "XGBoost, 50 trees", **_facts(names, choices)}
    run = Run.objects.create(
        owner=owner, model=make_upload(owner, facts=facts), recipe_json=recipe, state="done",
        dataset=make_upload(owner, "dataset", name="people.csv"),
    )  # fmt: skip
    return _finish(run, results, scratch)


def land_text(owner, make_upload, **choices):
    """Return a finished run of a text classifier; its samples are rows 0, 3, 6…"""
    scratch = files.scratch()
    results = write_text_run(scratch, **choices)
    run = Run.objects.create(
        owner=owner, model=make_upload(owner, facts=MODEL, name="mood.zip"), state="done",
        recipe_json=results.manifest["recipe"],
        dataset=make_upload(owner, "dataset", facts=DATA, name="reviews.csv"),
    )  # fmt: skip
    return _finish(run, results, scratch)


def land_story(owner, make_upload, **choices):
    """Return a finished run of a language model; its samples are rows 0 and 1."""
    scratch = files.scratch()
    results = write_story_run(scratch, **choices)
    facts = MODEL | {"kind": "text-generation", "problem": "generation", "outputs": []}
    run = Run.objects.create(
        owner=owner, model=make_upload(owner, facts=facts, name="stories.zip"), state="done",
        recipe_json=results.manifest["recipe"],
        dataset=make_upload(owner, "dataset", facts=DATA, name="prompts.jsonl"),
    )  # fmt: skip
    return _finish(run, results, scratch)


def land_pictures(owner, make_upload, **choices):
    """Return a finished run of an image classifier; its samples are rows 100, 101…"""
    scratch = files.scratch()
    results = picture_run.write_picture_run(scratch, **choices)
    facts, data = picture_run.MODEL, picture_run.DATA
    run = Run.objects.create(
        owner=owner, model=make_upload(owner, facts=facts, name="colours.zip"), state="done",
        recipe_json=results.manifest["recipe"],
        dataset=make_upload(owner, "dataset", facts=data, name="pictures.zip"),
    )  # fmt: skip
    return _finish(run, results, scratch)


def _finish(run, results, scratch):
    for name, folder in results.folders.items():
        _land(run, name, folder)
    shutil.rmtree(scratch)
    return run


def _facts(names, choices):
    problem = choices.get("problem", "classification")
    features = [{"name": name, "kind": "number", "categories": []} for name in names]
    return {
        "kind": "tabular", "format": "xgboost-json", "problem": problem, "notes": [],
        "has_names": True, "capabilities": ["trees", "builtin"], "speed": [],
        "outputs": ["no", "yes"], "output": "margin", "parameters": None, "features": features,
    }  # fmt: skip


def _land(run, name, folder):
    role, _, method = name.rpartition(":")
    is_step = name in STEPS
    key = hashlib.sha256(f"{run.pk}{name}".encode()).hexdigest()
    if name == "grouped_shapley":
        _add_tree(folder / "job.json")
    asked = {choice.slug: dict(choice.params) for choice in run.recipe.methods}
    folder.rename(files.results(key))
    Job.objects.create(
        run=run, position=run.jobs.count(), role=name if is_step else role or "method",
        method="" if is_step else method, key=key, result=key, state="done", evaluations=1000,
        params=asked.get(method, {}),
    )  # fmt: skip


def _add_tree(path):
    """Join the features one after another, the first two below the cut."""
    job = json.loads(path.read_text())
    d = sum(map(len, job["members"]))
    links = [[0.0, 1.0, 0.2, 2.0]]
    links += [[d + i - 1.0, i + 1.0, 0.5 + 0.4 * i / d, i + 2.0] for i in range(1, d - 1)]
    job["notes"]["linkage"] = links
    job["params"] = catalogue.card("grouped_shapley").read({})
    path.write_text(json.dumps(job))


def results_of(run):
    """Return what has landed of a run, as its pages read it."""
    return Landed(run, tuple(run.jobs.all())).results
