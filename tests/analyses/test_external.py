"""Other data: what was planted between two datasets is found, and said with its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.analyses.found import NAMES, RECIPE, analysed, files, found_of, frame
from xai.errors import MissingColumn, NotApplicable
from xai.reports.analyses import external as told
from xai.workbench.analyses import external
from xai.workbench.problems import pose
from xai.workbench.tables import opened_for


@pytest.fixture(scope="module")
def found():
    return found_of("external")


def test_accuracy_is_that_of_the_model_on_each(found):
    from skops.io import load

    paths = files()
    model = load(paths["model.skops"], trusted=[])
    line = found["performance"][0]
    for side, data in (("first", frame()), ("second", frame(seed=1, shift=0.7))):
        right = (model.predict(data[list(NAMES)]) == data["truth"]).mean()
        assert line[side]["value"] == pytest.approx(right)
        assert line[side]["low"] <= right <= line[side]["high"]
    change = line["second"]["value"] - line["first"]["value"]
    assert line["change"]["value"] == pytest.approx(change)


def test_the_column_that_was_moved_is_named(found):
    shift = {row["name"]: row["distance"] for row in found["shift"]}
    assert max(shift, key=shift.get) == NAMES[0]
    text = " ".join(one.text for one in told.said(found, None))
    assert f"“{NAMES[0]}”" in text
    assert "second dataset" in text


def test_the_strong_feature_is_strong_by_every_importance(found):
    assert [one["slug"] for one in found["importances"]] == ["shapley", "loss", "permutation"]
    for one in found["importances"]:
        assert int(np.argmax(np.abs(one["first"]["value"]))) == 0


def test_shapley_values_of_the_loss_add_up_to_what_the_row_costs_more():
    paths = files()
    payload = {"model": paths["model.skops"], "format": "skops", "dataset": paths["data.csv"]}
    opened = opened_for(payload, RECIPE)
    side = external._Side(opened, RECIPE, lambda *_: None)
    rows = side._some(external.LOSSES_MOST, 13, labelled=True)
    problem, _ = pose(replace(opened, chosen=rows), RECIPE, 0, 0, len(rows))
    background = problem.background[: external.BACKGROUND]
    for at in range(3):
        own = problem.loss(problem.inputs[[at]], np.array([at]))[0]
        others = problem.loss(background, np.full(len(background), at)).mean()
        assert side.losses[at].sum() == pytest.approx(own - others, abs=1e-6)
    assert side.losses.mean(axis=0)[0] < 0  # knowing the strong feature lowers the loss


def test_data_without_a_column_are_refused_in_a_sentence(tmp_path):
    lacking = frame().drop(columns=NAMES[0])
    lacking.to_csv(tmp_path / "lacking.csv", index=False)
    with pytest.raises(MissingColumn, match=f"second dataset does not fit: .*{NAMES[0]}"):
        analysed("external", external=str(tmp_path / "lacking.csv"))
    with pytest.raises(NotApplicable, match="no second dataset"):
        analysed("external", external="")


def test_the_same_data_twice_are_not_called_different():
    paths = files()
    _, facts = analysed("external", external=paths["data.csv"])
    found = facts["result"]
    assert found["performance"][0]["change"]["value"] == 0
    texts = [one.text for one in told.said(found, None)]
    assert "may be chance" in texts[0]
    assert "no further apart" in texts[1]
