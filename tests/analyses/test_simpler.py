"""Would a simpler model do: parts put together, sentences with their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analyses.found import NAMES, parts_of_simpler
from xai.analyses import rashomon, simpler
from xai.errors import XaiError
from xai.reports.analyses import scored
from xai.reports.analyses import simpler as told


@pytest.fixture(scope="module")
def found():
    return simpler.conclude(parts_of_simpler())


def test_scores_are_means_over_the_splits(found):
    scores = parts_of_simpler()[0][1]["scores"]
    for at, one in enumerate(found["learners"]):
        assert one["mean"] == pytest.approx(scores[:, at].mean())
        assert one["low"] < one["mean"] < one["high"]
    assert found["spread"] == pytest.approx(np.ptp(scores.mean(axis=0)))


def test_the_parts_may_come_in_any_number(found):
    (facts, splits), (_, draws) = parts_of_simpler()
    halves = [
        (facts, {**splits, **{n: splits[n][at] for n in ("scores", "losses")}})
        for at in (slice(0, 4), slice(4, 10))
    ]
    halves[1][1].pop("own_losses")
    assert simpler.conclude([*halves, (facts, draws)]) == found


def test_ambiguity_is_that_of_the_fits_of_near_learners(found):
    answers = parts_of_simpler()[1][1]["answers"]
    slugs = [slug for slug in simpler.SLUGS if slug in found["near"]]
    best = simpler.SLUGS.index(found["best"])
    order = [best, *(simpler.SLUGS.index(s) for s in slugs if simpler.SLUGS.index(s) != best)]
    members = np.concatenate([answers[:, at] for at in order])
    assert found["multiplicity"]["members"] == len(members)
    assert found["multiplicity"]["ambiguity"] == rashomon.ambiguity(members)
    assert found["multiplicity"]["discrepancy"] == rashomon.discrepancy(members)


def test_features_come_by_the_median_of_the_reliance(found):
    assert [row["name"] for row in found["reliance"]] == list(NAMES)
    first = found["reliance"][0]
    assert first["least"] <= first["low"] <= first["middle"] <= first["high"] <= first["most"]


def test_parts_of_other_rows_are_refused():
    first, (facts, draws) = parts_of_simpler()
    with pytest.raises(XaiError, match="not of the same rows"):
        simpler.conclude([first, (facts, draws | {"labels": draws["labels"] + 1})])


def test_a_simple_learner_near_the_best_answers_the_question(found):
    texts = [one.text for one in told.said(found, None)]
    assert texts[0].startswith("A simpler model would do on these data")
    shown = scored.score(told.learner(found, found["simple"])["mean"], found)
    assert shown in texts[0]
    assert "not refitted" in texts[1]


def test_far_simple_learners_are_said_to_be_far():
    found = simpler.conclude(parts_of_simpler(near=False))
    first = told.said(found, None)[0]
    assert found["verdict"] in {"unlikely", "unclear"}
    assert first.tone == "warn"
    assert "percentage points apart" in first.text


def test_a_regression_is_scored_by_r2():
    found = simpler.conclude(parts_of_simpler(problem="regression"))
    assert found["score"] == "r2"
    assert "ambiguity" not in found["multiplicity"]
    assert "R²" in told.said(found, None)[0].text


def test_every_figure_has_a_sentence_and_numbers(found):
    for draw in told.FIGURES.values():
        figure = draw(found, None, {})
        assert figure["finding"]
        assert figure["table"]["rows"]
        assert "<b>" not in str(figure["layout"])
