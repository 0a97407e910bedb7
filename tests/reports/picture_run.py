"""A finished run of an image classifier in a folder: planted pictures, real concepts of theirs."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

import numpy as np
from PIL import Image

from tests.methods.concepts.planted import CLASSES, SIZE, marked, pictures, problem
from tests.reports.fixtures import with_strategies
from tests.reports.text_run import facts_for
from xai.methods import catalogue
from xai.reports.results import STEPS, Results
from xai.runner import concept_tables, unit_tables
from xai.runner.manifest import manifest
from xai.runner.merge import write_folder
from xai.vocabulary import MethodChoice, Recipe
from xai.workbench import concept_shards

COMMON = {"kind": catalogue.IMAGES, "unit": "probability", "problem": "classification",
          "outputs": list(CLASSES)}  # fmt: skip
MODEL = {
    "kind": catalogue.IMAGES, "format": "hf-image-classification", "features": [],
    "architecture": "Colour detectors", "problem": "classification", "outputs": list(CLASSES),
    "output": "probability", "capabilities": ["gradient", "layers"], "notes": [],
    "parameters": 321, "has_names": False,
}  # fmt: skip
DATA = {"kind": "images", "format": "zip", "rows": 60, "notes": [], "columns": []}
PARAMS = catalogue.card("craft", catalogue.IMAGES).read({"concepts": 3, "compare": True})


@lru_cache(maxsize=2)
def computed(count=24):
    """Return planted pictures of two classes, their labels, and what CRAFT finds in them."""
    images, masks, labels = pictures(count, kinds=(0, 1), marked=0)
    labels[:3] = 2  # called red or green things, and labelled blue
    said = marked(masks, ("red", "green", "yellow"))
    posed = problem(images, labels=labels, annotations=said)
    recipe = Recipe("m", "d", (MethodChoice("craft", PARAMS),), kind=catalogue.IMAGES)
    job = {"role": "method", "method": "craft", "params": PARAMS, "seed": 0}
    arrays, facts = concept_shards.explain(lambda *_: posed, {"job": job}, recipe, lambda *_: None)
    return images.numpy(), labels, posed.predicted, arrays, facts


def write_picture_run(folder, name="bird.jpg", concepts=True, shown=()):
    """Write the folders of a run and return its `Results`; samples are rows 100, 101, …

    `shown` are JPEG pictures in base64 that pages show in the place of the planted ones.
    """
    images, labels, predicted, arrays, facts = computed(len(shown) or 24)
    rows = np.arange(len(images)) + 100
    folders = {"predictions": folder / "predictions", "occlusion": folder / "occlusion"}
    jpegs = shown or [jpeg(image) for image in images]
    _predictions(folders["predictions"], jpegs, labels, predicted, name)
    _map(folders["occlusion"], rows)
    if concepts:
        folders["craft"] = folder / "craft"
        known = facts_for("method", "craft", 0) | COMMON | {
            "scope": "concepts", "params": PARAMS, "title": "CRAFT concepts", "family": "Concepts",
            "notes": facts["notes"], "concepts": facts["concepts"], "layout": "concepts",
        }  # fmt: skip
        write_folder(folders["craft"], concept_tables.files("craft", facts, arrays), known)
    folders |= with_strategies(folders, folder)
    recipe = Recipe(
        model="a" * 64, dataset="b" * 64, kind=catalogue.IMAGES, label="label",
        methods=tuple(MethodChoice(slug, {}) for slug in folders if slug not in STEPS),
    )  # fmt: skip
    described = manifest(
        recipe, {"name": "colours.zip", "size": 9, "facts": MODEL},
        {"name": "pictures.zip", "size": 9, "facts": DATA}, isolation="full", errors={},
    )  # fmt: skip
    return Results.gather(described, folders)


def jpeg(image):
    """Return a picture (3, height, width) between 0 and 1 as a page has it."""
    stream = io.BytesIO()
    pixels = (np.asarray(image).transpose(1, 2, 0) * 255).round().astype(np.uint8)
    Image.fromarray(pixels).resize((96, 96)).save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()


def _predictions(folder, jpegs, labels, predicted, name):
    rows = np.arange(len(jpegs)) + 100
    samples = [{"name": name, "width": SIZE, "height": SIZE, "jpeg": one} for one in jpegs]
    outputs = np.full((len(rows), len(CLASSES)), 0.1)
    outputs[np.arange(len(rows)), predicted] = 0.8
    arrays = {
        "rows": rows, "targets": predicted, "outputs": outputs, "probabilities": outputs,
        "labels": labels,
    }  # fmt: skip
    facts = facts_for("predictions", "", 0) | COMMON | {"columns": []}
    reply = {"outputs": list(CLASSES), "problem": "classification", "samples": samples}
    write_folder(folder, unit_tables.prediction_files([reply], arrays), facts)


def _map(folder, rows):
    values = np.random.default_rng(0).normal(size=len(rows) * 16)
    facts = facts_for("method", "occlusion", 0) | COMMON
    arrays = {
        "rows": rows, "of": np.arange(len(rows)), "output": np.zeros(len(rows), int),
        "lengths": np.full(len(rows), 16), "shapes": np.full((len(rows), 2), 4), "values": values,
    }  # fmt: skip
    reply = {"texts": [[] for _ in rows], "targets": ["red things"] * len(rows)}
    write_folder(folder, unit_tables.attribution_files(facts, [reply], arrays), facts)
