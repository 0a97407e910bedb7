"""Concepts against annotations: planted parts are matched, found where they lie, and weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from tests.methods.concepts.planted import marked, pictures, problem
from xai.methods.concepts import annotated, importance_of_classes, located
from xai.methods.concepts.craft import Params, explain
from xai.methods.concepts.words import Annotated

QUICK = {"curves": False, "split": "none", "concepts": 4}
IMAGES, MASKS, LABELS = pictures(40)


def found_in(given, **params):
    return explain(given, Params(**QUICK | params)).notes["annotations"]


@pytest.fixture(scope="module")
def masked():
    return found_in(problem(IMAGES, annotations=marked(MASKS)))[0]


def by_annotation(found):
    return {line["annotation"]: line for line in found["concepts"] if line["annotation"]}


def test_images_without_annotations_have_no_measures():
    assert found_in(problem(IMAGES[:12])) == []


def test_the_planted_part_is_matched_to_its_masks_and_lies_on_them(masked):
    lines = by_annotation(masked)
    assert set(lines) == {"red", "yellow", "magenta"}
    assert masked["concepts"][0]["annotation"] == "red"
    assert masked["matched"] == 0.75
    where = lines["red"]["location"]
    assert where["overlap"]["value"] >= 0.5
    assert where["pointing"]["value"] > 0.9 > 2 * where["pointing"]["chance"]
    assert where["energy"]["value"] > 3 * where["energy"]["chance"]
    assert where["point"]["chance"] == 0.25


def test_halves_are_matched_and_scored_apart(masked):
    assert masked["matched_on"] + masked["scored_on"] == 40
    assert abs(masked["matched_on"] - masked["scored_on"]) <= 1


def test_the_most_important_concept_exists_in_every_image_and_chance_is_told(masked):
    first = masked["existence"][0]
    assert (first["top"], first["value"]) == (1, 1.0)
    assert 0.5 < first["chance"] < 0.9


def test_what_matters_to_a_class_is_what_its_images_have(masked):
    found = masked["importance"]
    assert (found["form"], found["concepts"]) == ("rank", 3)
    assert found["value"] > 0.4


def test_labels_alone_match_by_how_well_amounts_tell_them():
    said = marked(MASKS, ("yellow", "magenta"), with_masks=False)
    found = found_in(problem(IMAGES, annotations=said))[0]
    lines = by_annotation(found)
    assert set(lines) == {"yellow", "magenta"}
    assert all(line["by"] == "labels" and line["match"] > 0.9 for line in lines.values())
    assert all(line["location"] is None for line in lines.values())
    assert found["location"] is None


def test_an_annotation_that_nothing_shows_stays_without_a_concept():
    noise = np.random.default_rng(0).random((40, 1)) < 0.5
    said = Annotated(("mood",), noise.astype(float), (False,), lambda *_: None)
    found = found_in(problem(IMAGES, annotations=said))[0]
    assert found["matched"] == 0
    assert found["existence"] == []
    assert found["importance"] is None


def test_an_empty_mask_is_an_absent_concept():
    said = marked(MASKS)
    everywhere = replace(said, present=np.ones_like(said.present))
    first = found_in(problem(IMAGES, annotations=said))[0]
    assert found_in(problem(IMAGES, annotations=everywhere))[0] == first


@pytest.fixture(scope="module")
def together():
    images, masks, labels = pictures(48, kinds=(0, 1, 2), others=(3,))
    said = marked(masks, ("red", "green", "blue"))
    given = problem(images, labels=labels, annotations=said)
    return found_in(given, together=True, concepts=5)[0]


def test_one_dictionary_over_classes_is_weighed_by_cosines(together):
    assert together["target"] == ""
    assert set(by_annotation(together)) == {"red", "green", "blue"}
    found = together["importance"]
    assert (found["form"], found["classes"]) == ("cosine", 3)
    assert min(found["gradient"], found["amount"], found["product"]) > 0.8
    assert found["chance"] < 0.3


def test_amounts_that_tell_an_annotation_are_an_area_under_the_curve():
    rng = np.random.default_rng(0)
    amounts, present = rng.random((30, 3)).round(1), (rng.random(30) < 0.4).astype(float)
    expected = [2 * roc_auc_score(present, column) - 1 for column in amounts.T]
    np.testing.assert_allclose(annotated.telling(amounts, present), expected, atol=1e-12)


def test_a_map_is_enlarged_as_torch_does():
    values = np.random.default_rng(0).random((3, 5))
    expected = torch.nn.functional.interpolate(
        torch.tensor(values)[None, None], size=(16, 22), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(located.enlarged(values, (16, 22)), expected[0, 0], atol=1e-12)


def test_overlap_is_that_of_as_many_places_as_the_mask_has():
    mask = np.zeros((4, 4), dtype=bool)
    mask[0] = True
    drawn = np.zeros((4, 4))
    drawn[0, :2], drawn[1, :2] = 2.0, 1.0
    assert located.overlap(drawn, mask) == pytest.approx(2 / 6)
    assert located.overlap(mask.astype(float), mask) == 1
    assert located.overlap(np.zeros((4, 4)), mask) == 0


def test_chance_of_overlap_is_that_of_random_places():
    rng, mask = np.random.default_rng(0), np.zeros((20, 20), dtype=bool)
    mask[:10, :8] = True
    drawn = [located.overlap(rng.random((20, 20)) + 1e-9, mask) for _ in range(200)]
    gain = located.match(rng.random((200, 1, 20, 20)), np.stack([mask] * 200))
    share = mask.mean()
    assert np.mean(drawn) == pytest.approx(share / (2 - share), abs=0.01)
    assert gain[0] == pytest.approx(0, abs=0.02)


def test_existence_is_the_loop_of_its_definition():
    rng = np.random.default_rng(0)
    values, present = rng.normal(size=(20, 6)), (rng.random((20, 5)) < 0.5).astype(float)
    matched = np.array([3, -1, 0, 1, -1, 4])
    found = {line["top"]: line for line in annotated.existence(values, matched, present)}
    for top in (1, 3):
        hits, chances = [], []
        for image in range(20):
            named = [c for c in np.argsort(-values[image], kind="stable") if matched[c] >= 0]
            hits.append(np.mean([present[image, matched[c]] for c in named[:top]]))
            shuffled = [rng.permutation([matched[c] for c in named])[:top] for _ in range(400)]
            chances.append(np.mean([present[image, a] for a in shuffled]))
        assert found[top]["value"] == pytest.approx(np.mean(hits))
        assert found[top]["chance"] == pytest.approx(np.mean(chances), abs=0.02)


def test_importance_of_one_class_is_spearmans_correlation():
    rng = np.random.default_rng(0)
    values, there = rng.normal(size=(15, 5)), (rng.random((15, 5)) < rng.random(5)).astype(float)
    unit = annotated.Unit(
        "a", tuple("abcde"), np.arange(15), np.zeros(15, int), values, values, np.zeros(0)
    )
    found = importance_of_classes.agreement(problem(IMAGES[:15]), unit, np.arange(5), there)
    expected = spearmanr(values.mean(axis=0), there.mean(axis=0)).statistic
    assert found["value"] == pytest.approx(expected)
