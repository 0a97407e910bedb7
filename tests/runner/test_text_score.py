"""A text classifier explained by the logit of its class, from file to report."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from tests.assets.folders import tiny_text_classifier
from xai.errors import InvalidParameter
from xai.runner.explain import explain
from xai.runner.options import Options

METHODS = ("shapley", "integrated_gradients", "deeplift")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score")
    model = tiny_text_classifier(folder / "model.zip", labels=("bad", "good", "odd"))
    (folder / "data.csv").write_text("text\na very good film\nthe plot was awful\nboring !\n")
    return model, folder / "data.csv"


def test_the_bundle_and_the_report_speak_of_the_logit(files, tmp_path):
    out = tmp_path / "out"
    options = Options(methods=METHODS, score="logit")
    assert explain(*files, out, options, lambda *_: None) == {}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["output"] == "logit"
    assert "--score logit" in manifest["command"]
    said = {row["sample"]: row for row in pq.read_table(out / "predictions.parquet").to_pylist()}
    for row in said.values():
        assert row["value"] == max(row["outputs"]) != row["probability"]
    for row in pq.read_table(out / "attributions.parquet").to_pylist():
        value = said[row["sample"]]["value"]
        missed = abs(value - row["base"] - sum(row["values"]))
        assert missed <= (1e-4 if row["method"] == "shapley" else 0.01 * abs(value - row["base"]))
    report = (out / "report.html").read_text()
    assert "the logit" in report
    assert "What moved the logit" in report
    assert "the probability" not in report


def test_an_unknown_score_is_refused_and_the_usual_one_may_be_named(files, tmp_path):
    with pytest.raises(InvalidParameter, match="must be one of probability, logit, not 'odds'"):
        explain(*files, tmp_path / "out", Options(score="odds"), lambda *_: None)
    assert not (tmp_path / "out").exists()
