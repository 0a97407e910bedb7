"""A report of ten methods on a hundred samples can be sent by mail, whatever the kind of task."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.reports.fixtures import write_run
from tests.reports.picture_run import COMMON, DATA, MODEL
from tests.reports.text_run import facts_for, write_story_run, write_text_run
from xai.methods.catalogue import IMAGES
from xai.reports.html import render
from xai.reports.html_pictures import _size
from xai.reports.outline import Outline, outline
from xai.reports.results import Results
from xai.runner import unit_tables
from xai.runner.manifest import manifest
from xai.runner.merge import write_folder
from xai.vocabulary import MethodChoice, Recipe

MOST = 15_000_000
TEN = ("shapley", "integrated_gradients", "attention_last", "random", "occlusion", "lime",
       "input_x_gradient", "gradient_shap", "deeplift", "attention_rollout")  # fmt: skip


def size_of(results):
    chosen = outline("", (), "all", results)
    assert len(chosen.samples) == 100
    return len(render(results, chosen).encode())


def test_tables(tmp_path):
    names = tuple(f"feature {i}" for i in range(30))
    results = write_run(tmp_path, rows=100, names=names)
    assert size_of(results) * 10 / len(results.local_methods()) < MOST


def long_text(seed, words=300):
    letters = np.random.default_rng(seed).integers(97, 123, size=(words, 6), dtype=np.uint8)
    return " ".join(bytes(word).decode() for word in letters)


def test_texts_of_three_hundred_words(tmp_path):
    texts = [long_text(seed) for seed in range(100)]
    assert size_of(write_text_run(tmp_path, texts, TEN)) < MOST


def test_prompts_of_three_hundred_words(tmp_path):
    prompts = [long_text(seed) for seed in range(100)]
    results = write_story_run(tmp_path, prompts=prompts)
    assert size_of(results) * 10 / len(results.local_methods()) < MOST


def photograph(seed, width=256, height=256):
    """Return as much detail as a photograph has."""
    draw = np.random.default_rng(seed)
    coarse = draw.normal(128, 60, size=(24, 24, 3)).clip(0, 255).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noisy = smooth + draw.normal(0, 8, size=(height, width, 1))
    stream = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()


def write_pictures(folder, count=100, side=224):
    """Ten methods with a value at every point: maps that hardly compress."""
    rows = np.arange(count)
    samples = [{"name": "p", "width": 9, "height": 9, "jpeg": photograph(i)} for i in rows]
    outputs = np.tile([0.8, 0.1, 0.1], (count, 1))
    arrays = {"rows": rows, "targets": rows * 0, "outputs": outputs, "probabilities": outputs,
              "labels": rows * 0}  # fmt: skip
    facts = facts_for("predictions", "", 0) | COMMON | {"columns": []}
    reply = {"outputs": COMMON["outputs"], "problem": "classification", "samples": samples}
    folders = {"predictions": folder / "predictions"}
    write_folder(folders["predictions"], unit_tables.prediction_files([reply], arrays), facts)
    reply = {"texts": [[] for _ in rows], "targets": ["red things"] * count}
    for seed, slug in enumerate(TEN):
        values = np.random.default_rng(seed).normal(size=count * side * side)
        lengths, shapes = np.full(count, side * side), np.full((count, 2), side)
        arrays = {"rows": rows, "of": rows, "output": rows * 0, "lengths": lengths,
                  "shapes": shapes, "values": values}  # fmt: skip
        folders[slug] = folder / slug
        facts = facts_for("method", slug, seed) | COMMON
        write_folder(folders[slug], unit_tables.attribution_files(facts, [reply], arrays), facts)
    recipe = Recipe("a" * 64, "b" * 64, tuple(MethodChoice(s, {}) for s in TEN), kind=IMAGES)
    described = manifest(
        recipe, {"name": "m", "size": 9, "facts": MODEL}, {"name": "d", "size": 9, "facts": DATA},
        isolation="full", errors={},
    )  # fmt: skip
    return Results.gather(described, folders)


@pytest.mark.slow
def test_pictures_with_a_value_at_every_point(tmp_path):
    results = write_pictures(tmp_path)
    assert size_of(results) < MOST
    few = render(results, Outline(sections=("samples",), samples=(0, 1)))
    assert "drawn with" not in few  # a few are drawn point by point


@pytest.mark.parametrize("size", [(96, 96), (256, 128), (31, 200)])
def test_the_size_of_a_picture_is_read_from_its_header(size):
    assert _size(base64.b64decode(photograph(0, *size))) == size
