"""A run with a masked language model beside it, from the command line to the bundle."""

from __future__ import annotations

import json

import pytest

from tests.assets import folders
from xai.errors import InvalidParameter, RefusedFile
from xai.runner.explain import explain
from xai.runner.options import Options

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lender")
    folders.tiny_language_model(folder / "m.zip")
    folders.tiny_masked_model(folder / "l.zip")
    folders.tiny_text_classifier(folder / "c.zip")
    (folder / "p.csv").write_text("prompt\nthe girl and the dog\nit was a day\na cat\n")
    return folder


def run(files, out, **more):
    options = Options(
        methods=("reagent", "random"), tokens=3, temperature=0.5,
        params={"reagent": {"source": "masked", "probes": 4, "steps": 4}}, **more,
    )  # fmt: skip
    return explain(files / "m.zip", files / "p.csv", out, options, lambda *_: None)


def test_the_bundle_names_the_lender_and_how_to_do_it_again(files, tmp_path):
    assert run(files, tmp_path / "out", replacer=files / "l.zip") == {}
    facts = json.loads((tmp_path / "out/manifest.json").read_text())
    assert facts["replacer"]["name"] == "l.zip"
    assert facts["recipe"]["replacer"] == facts["replacer"]["sha256"]
    assert "--replacer l.zip" in facts["command"]
    assert "--temperature 0.5" in facts["command"]
    assert "reagent.source=masked" in facts["command"]
    assert json.loads((tmp_path / "out/faithfulness.json").read_text())["soft"]["rows"]


def test_what_lends_no_words_is_refused(files, tmp_path):
    with pytest.raises(RefusedFile, match="Words are lent by a masked language model"):
        run(files, tmp_path / "out", replacer=files / "c.zip")
    with pytest.raises(InvalidParameter, match="no masked language model is named"):
        run(files, tmp_path / "out")
    assert not (tmp_path / "out").exists()
