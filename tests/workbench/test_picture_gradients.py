"""Gradients and attention of real tiny image classifiers: captum, loops and shards as oracles."""

from __future__ import annotations

import io
import zipfile
from itertools import product

import numpy as np
import pytest
import torch

from tests.assets.folders import CLASSES, tiny_image_classifier
from xai.errors import NotApplicable
from xai.methods import catalogue
from xai.vocabulary import Recipe
from xai.workbench import picture_problem, pictures
from xai.workbench.picture_attention import PictureAttention, reading_place

SLUGS = ("integrated_gradients", "input_x_gradient", "attention_rollout", "attention_relevance")
FAMILIES = {"mobilenet": SLUGS[:2], "vit": SLUGS}
CASES = [(kind, slug) for kind, slugs in FAMILIES.items() for slug in slugs]


@pytest.fixture(scope="module")
def posed(tmp_path_factory):
    """Return the problem of four pictures, by kind of network."""
    from PIL import Image

    folder, draw = tmp_path_factory.mktemp("gradients"), np.random.default_rng(0)
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for i in range(4):
            stream = io.BytesIO()
            noise = draw.integers(0, 255, (40, 44 + i, 3), dtype=np.uint8)
            Image.fromarray(noise).save(stream, "PNG")
            archive.writestr(f"{CLASSES[i % 2]}/{i}.png", stream.getvalue())
    recipe = Recipe("", "", (), rows="all", kind=catalogue.IMAGES)

    def pose(kind, start=0, stop=4):
        model = folder / f"{kind}.zip"
        if not model.exists():
            tiny_image_classifier(model, kind)
        payload = {
            "model": str(model), "format": "hf-image-classification",
            "dataset": str(folder / "set.zip"), "job": {"params": {}},
        }  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(folder))
            return pictures.pose(payload, recipe, 0, start, stop)

    return pose


def explain(slug, problem, **params):
    method = catalogue.load(slug, catalogue.IMAGES)
    checked = catalogue.card(slug, catalogue.IMAGES).read(params)
    return method.attribute(problem, method.Params(**checked))


def share(scene):
    """Return the probability of each picture's target as a plain function of pixels."""
    target = int(scene.targets[0])
    return lambda pixels: scene.network(pixel_values=pixels).logits.softmax(1)[:, target]


def summed(values):
    return values.sum(dim=1).flatten(1).detach().double().numpy()


@pytest.mark.parametrize("kind", FAMILIES)
def test_integrated_gradients_are_captums_with_many_steps(posed, kind):
    from captum.attr import IntegratedGradients

    problem = posed(kind, 0, 1)
    scene = problem.extras["scene"]
    found = explain("integrated_gradients", problem, steps=64, gap=1, most=64)
    expected = IntegratedGradients(share(scene)).attribute(
        scene.inputs, scene.baselines, n_steps=64, method="gausslegendre", internal_batch_size=16
    )
    scale = np.abs(summed(expected)).max()
    np.testing.assert_allclose(found.values[0], summed(expected), atol=1e-4 * scale)


@pytest.mark.parametrize("kind", FAMILIES)
def test_input_x_gradient_is_captums(posed, kind):
    from captum.attr import InputXGradient

    problem = posed(kind, 0, 1)
    scene = problem.extras["scene"]
    expected = summed(InputXGradient(share(scene)).attribute(scene.inputs.requires_grad_()))
    found = explain("input_x_gradient", problem)
    np.testing.assert_allclose(found.values[0], expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_completeness_gap_of_a_picture_is_what_its_values_miss(posed, kind):
    problem = posed(kind)
    found = explain("integrated_gradients", problem)
    kept = np.ones((4, 49), dtype=bool)
    score = problem.score(kept, np.arange(4))[:, 0]
    for i in range(4):
        assert found.base[i] == pytest.approx(problem.score(~kept, np.arange(4))[i], abs=1e-5)
        missed = score[i] - found.base[i] - found.values[i].sum(axis=1)
        assert found.residual[i] == pytest.approx(missed, abs=1e-5)
        changes = np.maximum(np.abs(score[i] - found.base[i]), 0.02)
        done = np.abs(found.residual[i]) <= 0.011 * changes
        assert done.all() or found.per_sample["steps"][i] == [160]


def literal_attention(scene, i):
    """Return maps and gradients of one picture, layer by layer, heads apart."""
    answer = scene.network(pixel_values=scene.inputs[i : i + 1], output_attentions=True)
    score = answer.logits.softmax(1)[0, int(scene.targets[i])]
    slopes = torch.autograd.grad(score, answer.attentions)
    return [m[0].detach().double() for m in answer.attentions], [s[0].double() for s in slopes]


@pytest.fixture
def watched(posed):
    """Return the transformer's problem, its inputs open for a gradient."""
    problem = posed("vit")
    problem.extras["scene"].inputs.requires_grad_()
    return problem


def test_rollout_of_a_picture_is_the_sum_over_all_paths(watched):
    scene = watched.extras["scene"]
    found = explain("attention_rollout", watched)
    assert found.shapes is None
    (first, second), _ = literal_attention(scene, 2)
    count = first.shape[-1]
    half = [(m.mean(0) + torch.eye(count)) / 2 for m in (first, second)]
    flow = torch.zeros(count, dtype=torch.float64)
    for middle, start in product(range(count), repeat=2):
        flow[start] += half[1][0, middle] * half[0][middle, start]
    # 16 patches of 8 × 8 on 32 × 32 pixels: every patch shares its weight among its pixels.
    patches = flow[1:].reshape(4, 4).repeat_interleave(8, 0).repeat_interleave(8, 1) / 64
    np.testing.assert_allclose(found.values[2][0], patches.ravel().numpy(), atol=1e-8)


def test_relevance_of_a_picture_is_the_loop_of_its_paper(watched):
    scene = watched.extras["scene"]
    found = explain("attention_relevance", watched)
    maps, slopes = literal_attention(scene, 1)
    gathered = torch.eye(maps[0].shape[-1], dtype=torch.float64)
    for attention, slope in zip(maps, slopes, strict=True):
        gain = sum((a * g).clamp(min=0) for a, g in zip(attention, slope, strict=True))
        gathered = gathered + (gain / len(attention)) @ gathered
    patches = gathered[0, 1:].reshape(4, 4).repeat_interleave(8, 0).repeat_interleave(8, 1) / 64
    scale = float(patches.max())
    np.testing.assert_allclose(
        found.values[1][0], patches.ravel().detach().numpy(), atol=1e-5 * scale
    )


@pytest.mark.parametrize(("kind", "slug"), CASES)
def test_a_picture_has_the_same_values_in_any_shard(posed, kind, slug):
    whole, part = explain(slug, posed(kind)), explain(slug, posed(kind, 2, 4))
    scale = np.abs(whole.values[3]).max()
    np.testing.assert_allclose(part.values[1], whole.values[3], atol=1e-4 * scale)


def test_many_steps_take_as_many_forwards_as_memory_asks_for(posed, monkeypatch):
    problem, sizes = posed("vit", 0, 2), []
    scene = problem.extras["scene"]
    scene.network.register_forward_pre_hook(
        lambda _m, _args, kwargs: sizes.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    explain("integrated_gradients", problem, steps=100, gap=1, most=100)
    assert max(sizes) <= picture_problem.BATCH


def pooled():
    """Return a transformer that averages its patches."""
    from transformers import BeitConfig, BeitForImageClassification

    config = BeitConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        image_size=32, patch_size=8, use_mean_pooling=True, attn_implementation="eager",
    )  # fmt: skip
    return BeitForImageClassification(config).eval()


def test_the_class_token_is_found_by_the_gradient(posed):
    scene = posed("vit").extras["scene"]
    assert reading_place(scene.network, scene.inputs[:1]) == 0


def test_a_transformer_that_averages_its_patches_shows_no_row_to_read(posed):
    scene = posed("vit", 0, 1).extras["scene"]
    other = type(scene)(pooled(), scene.inputs, scene.baselines, scene.targets, scene.players)
    assert reading_place(other.network, scene.inputs) is None
    with pytest.raises(NotApplicable, match="not from a class token"):
        PictureAttention(other).reading(np.array([0]))


def test_a_mask_is_prepared_as_its_picture_is():
    from types import SimpleNamespace

    from PIL import Image

    from xai.workbench.picture_annotations import annotated
    from xai.workbench.picture_views import Views

    draw = np.random.default_rng(0)
    blocks = draw.random((2, 6, 8)) < 0.5
    masks = blocks.repeat(10, axis=1).repeat(10, axis=2)

    def prepare(picture):
        """Cut the middle out and make it smaller, as many preprocessors do."""
        side = min(picture.size)
        left, top = ((whole - side) // 2 for whole in picture.size)
        small = picture.crop((left, top, left + side, top + side)).resize((30, 30))
        return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1) / 255 * 4 - 2

    said = SimpleNamespace(
        names=("a",), present=np.ones((2, 1)), has_masks=(True,),
        mask=lambda row, _concept, _size: masks[row],
    )  # fmt: skip
    images = SimpleNamespace(annotations=said, sizes=np.array([[80, 60], [80, 60]]))
    views = Views.of(prepare)
    found = annotated(images, views, np.array([1, 0])).masks(0, np.array([0, 1]))
    for place, row in enumerate((1, 0)):
        picture = Image.fromarray(masks[row].astype(np.uint8) * 255).convert("RGB")
        np.testing.assert_array_equal(found[place], prepare(picture)[0].numpy() > 0)
        assert found[place].shape == (30, 30)
