"""Analyses through the jail: from the command line's options to the files of the bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.analyses.found import NAMES, files, frame
from xai.errors import InvalidParameter, MissingColumn
from xai.runner.explain import explain
from xai.runner.options import Options

pytestmark = pytest.mark.slow


def quiet(*_):
    pass


def run(out, **choices):
    paths = files()
    options = Options(methods=("shapley", "random"), rows="first:30", label="truth", **choices)
    return explain(Path(paths["model.skops"]), Path(paths["data.csv"]), out, options, quiet)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "out"
    failed = run(
        out,
        analyses=("external", "simpler", "peers", "data"),
        external=Path(files()["other.csv"]),
    )
    assert failed == {}
    return out


def test_every_analysis_has_its_file_and_its_sentences(bundle):
    report = (bundle / "report.html").read_text()
    for slug, title in (
        ("external", "On other data"), ("simpler", "Five learners"),
        ("peers", "Forward selection"), ("data", "The hardest of"),
    ):  # fmt: skip
        assert json.loads((bundle / f"{slug}.json").read_text())
        assert title in report
    assert pq.read_table(bundle / "data.parquet").num_rows == 160


def test_the_five_learners_find_what_was_planted(bundle):
    found = json.loads((bundle / "simpler.json").read_text())
    assert found["splits"] == 10
    assert found["simple"] == "linear"
    assert found["reliance"][0]["name"] == NAMES[0]
    assert len(found["learners"]) == 5
    assert found["multiplicity"]["members"] == 30 * len(found["near"])


def test_the_manifest_names_the_second_dataset_and_the_command(bundle):
    known = json.loads((bundle / "manifest.json").read_text())
    assert known["external"]["name"] == "other.csv"
    assert known["recipe"]["analyses"] == ["external", "simpler", "peers", "data"]


def test_other_columns_are_refused_before_anything_is_computed(tmp_path):
    lacking = frame().drop(columns=NAMES[1])
    lacking.to_csv(tmp_path / "lacking.csv", index=False)
    with pytest.raises(MissingColumn, match="no column"):
        run(tmp_path / "out", analyses=("external",), external=tmp_path / "lacking.csv")
    with pytest.raises(InvalidParameter, match="needs a second dataset"):
        run(tmp_path / "out", analyses=("external",))
    assert not (tmp_path / "out").exists()
