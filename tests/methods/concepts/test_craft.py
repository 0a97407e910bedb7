"""CRAFT on planted images: the planted part leads, its map lies on it, a distractor is nil."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.methods.concepts.planted import Planted, overlap, pictures, problem
from xai.errors import InvalidParameter, NotApplicable
from xai.methods.concepts import classes
from xai.methods.concepts.craft import Params, explain

RED, YELLOW, MAGENTA = 0, 3, 4
QUICK = {"curves": False, "split": "none"}
IMAGES, MASKS, LABELS = pictures(40)


def part_of(found, masks, concept):
    """Return which planted part a concept's maps overlap most, and the mean overlap."""
    rows = np.flatnonzero(found.concepts == concept)
    means = []
    for part in range(6):
        shown = [r for r in rows if masks[found.samples[r] - 100][part].any()]
        each = [overlap(found.maps[r], masks[found.samples[r] - 100][part]) for r in shown]
        means.append(np.mean(each) if each else 0.0)
    return int(np.argmax(means)), float(np.max(means))


def concept_of(found, part):
    return next(c for c in found.found if part_of(found, MASKS, c.id)[0] == part)


@pytest.fixture(scope="module", params=["positions", "crops"])
def found(request):
    return explain(problem(IMAGES), Params(concepts=4, bank=request.param, **QUICK))


def test_the_most_important_concept_is_the_planted_part(found):
    part, overlapping = part_of(found, MASKS, found.found[0].id)
    assert part == RED
    assert overlapping >= 0.5


def test_the_distractor_is_within_its_interval_of_zero(found):
    first, yellow = found.found[0].importance, concept_of(found, YELLOW).importance
    slack = 0.02 * first.value
    assert yellow.low - slack <= 0 <= yellow.high + slack
    assert abs(yellow.value) < 0.05 * first.value


def test_what_speaks_against_the_class_comes_last_and_negative(found):
    last = found.found[-1]
    assert part_of(found, MASKS, last.id)[0] == MAGENTA
    assert last.importance.high < 0
    assert last.sobol.value > 0


def test_importances_sum_to_the_logit_over_no_concept(found):
    network = Planted()
    with torch.no_grad():
        logits = network(IMAGES)[:, 0] - 0.3
    for sample in np.unique(found.samples):
        total = found.importances[found.samples == sample].sum()
        assert total == pytest.approx(float(logits[sample - 100]), rel=0.1, abs=0.3)


def test_crops_show_the_part(found):
    concept = found.found[0]
    assert len(concept.crops) == 10
    for crop in concept.crops:
        mask = MASKS[crop.sample - 100][RED]
        assert mask[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width].any()
        assert crop.x + crop.width <= 32
    assert [c.coefficient for c in concept.crops] == sorted(
        (c.coefficient for c in concept.crops), reverse=True
    )


def test_the_layer_is_the_last_non_negative_one_and_the_table_says_why(found):
    assert found.notes["layer"] == "bend"
    assert found.notes["layers"][0]["is_non_negative"]
    assert found.notes["classes"][0]["logit_error"] < 0.05
    assert found.notes["classes"][0]["importance_is_exact"]
    assert found.notes["warnings"] == []


@pytest.mark.parametrize("maps", ["coefficients", "layer", "pixels"])
def test_every_kind_of_map_lies_on_the_part(maps):
    images, masks, _labels = pictures(12, seed=3)
    found = explain(problem(images), Params(concepts=4, maps=maps, **QUICK))
    rows = np.flatnonzero(found.concepts == found.found[0].id)
    each = []
    for row in rows:
        values, mask = found.maps[row], masks[found.samples[row] - 100][RED]
        each.append(overlap(values, mask))
    assert np.mean(each) >= 0.5


def test_a_seed_reproduces_and_another_moves_only_what_is_drawn():
    given, params = (
        problem(IMAGES[:12], Planted(is_bent=True)),
        Params(concepts=4, points=8, **QUICK),
    )
    first, again = explain(given, params), explain(given, params)
    np.testing.assert_array_equal(first.importances, again.importances)
    np.testing.assert_array_equal(first.sobols, again.sobols)
    other = explain(replace(given, seed=1), params)
    np.testing.assert_allclose(first.importances, other.importances, atol=1e-6)
    assert not np.array_equal(first.sobols, other.sobols)


def test_sobol_of_a_bent_head_is_within_a_tenth_of_a_converged_reference():
    given = problem(IMAGES[:16], Planted(is_bent=True))
    near = explain(given, Params(concepts=4, points=16, **QUICK))
    far = explain(replace(given, seed=5), Params(concepts=4, points=256, **QUICK))
    assert not near.notes["classes"][0]["importance_is_exact"]
    for one, other in zip(near.found, far.found, strict=True):
        assert one.sobol.value == pytest.approx(other.sobol.value, rel=0.1, abs=0.01)


def test_classes_have_their_own_concepts_over_predicted_images():
    images, _masks, labels = pictures(40, (0, 1), seed=1)
    found = explain(problem(images, labels=labels), Params(concepts=3, **QUICK))
    predicted = problem(images).predicted
    assert {c.target for c in found.found} == {"red things", "green things"}
    for concept in found.found:
        kind = ("red things", "green things").index(concept.target)
        samples = found.samples[found.concepts == concept.id]
        assert sorted(samples) == sorted(np.flatnonzero(predicted == kind) + 100)


def test_one_dictionary_may_serve_all_classes():
    images, _masks, _labels = pictures(40, (0, 1), seed=1)
    found = explain(problem(images), Params(concepts=4, together=True, **QUICK))
    shared = {}
    for concept in found.found:
        shared.setdefault(concept.target, {})[concept.facts["dictionary_concept"]] = concept
    first, second = shared["red things"], shared["green things"]
    assert set(first) == set(second) == {0, 1, 2, 3}
    top = max(first, key=lambda i: first[i].importance.value)
    assert second[top].importance.value < 0.2 * first[top].importance.value


def test_classes_with_few_images_are_named_as_left_out():
    images, _masks, _labels = pictures(23, (0,) * 10 + (1,), seed=1)
    found = explain(problem(images), Params(concepts=3, **QUICK))
    assert found.notes["left_out"] == [{"target": "green things", "images": 2}]
    with pytest.raises(NotApplicable, match="no class has 50 of the 23 chosen images"):
        explain(problem(images), Params(least=50))


def test_a_layer_may_be_chosen_and_a_wrong_one_lists_those_there_are():
    found = explain(problem(IMAGES), Params(concepts=3, layer=2, **QUICK))
    assert found.notes["layer"] == "shrink"
    with pytest.raises(InvalidParameter, match="1 = bend"):
        explain(problem(IMAGES), Params(layer=40))


def test_too_few_concepts_warn_that_they_do_not_explain():
    images, _masks, _labels = pictures(30, others=(3,) * 6, seed=2)
    found = explain(problem(images), Params(concepts=1, **QUICK))
    assert "do not explain the decision" in found.notes["warnings"][0]


def test_curves_fall_with_the_number_of_concepts():
    found = explain(problem(IMAGES[:16]), Params(concepts=3, split="none"))
    points = found.notes["curves"][0]["points"]
    assert [point["concepts"] for point in points] == [2, 5, 10, 15]
    assert points[1]["logit_error"] <= points[0]["logit_error"] + 1e-6
    assert all(0 <= point["stability"] <= 1 for point in points)


def test_dictionaries_and_estimators_are_compared():
    found = explain(problem(IMAGES[:16]), Params(concepts=4, compare=True, **QUICK))
    facts = found.notes["classes"][0]
    dictionaries = {row["dictionary"]: row for row in facts["dictionaries"]}
    assert all(row["error"] >= dictionaries["pca"]["error"] - 1e-3 for row in dictionaries.values())
    assert dictionaries["kmeans"]["zeros"] > dictionaries["pca"]["zeros"]
    estimators = {row["estimator"]: row for row in facts["estimators"]}
    assert estimators["gradient_input"]["fidelity"] == pytest.approx(1, abs=1e-6)
    assert estimators["gradient_input"]["deletion"] <= estimators["sobol"]["deletion"]


@pytest.mark.parametrize("order", ["integrated_gradients", "occlusion", "rise", "sobol", "hsic"])
def test_any_estimator_may_order_the_concepts(order):
    found = explain(problem(IMAGES[:12]), Params(concepts=3, order=order, **QUICK))
    chosen = [c.facts.get("chosen", {}).get("value", c.sobol.value) for c in found.found]
    assert chosen == sorted(chosen, reverse=True)
    assert part_of(found, MASKS, found.found[0].id)[0] == RED


def test_progress_grows_and_reaches_the_end():
    seen = []
    found = explain(
        problem(IMAGES), Params(concepts=3, **QUICK), lambda done, total: seen.append((done, total))
    )
    done = [d for d, _total in seen]
    assert done == sorted(done)
    assert seen[-1] == (found.evaluations, found.evaluations)


def test_of_very_many_images_some_are_used_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(classes, "IMAGES_MOST", 15)
    found = explain(problem(IMAGES), Params(concepts=2, **QUICK))
    assert len(np.unique(found.samples)) == 15
    assert found.notes["left_out"] == [{"target": "red things", "images": 25}]
