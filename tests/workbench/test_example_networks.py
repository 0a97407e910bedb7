"""The examples' models are made anew wherever they are run, and must come out the same."""

from __future__ import annotations

import pytest

from xai.errors import InvalidParameter
from xai.vocabulary import ignore_progress
from xai.workbench import example_reviews, example_shapes, example_stories, examples

EXAMPLES = (example_reviews, example_shapes, example_stories)


@pytest.fixture(params=EXAMPLES, ids=lambda module: module.__name__.rpartition("_")[2])
def example(request, monkeypatch, tmp_path):
    """Return an example that is done with learning after a few steps."""
    monkeypatch.setattr(request.param, "LEARNT", 90)
    monkeypatch.setattr(request.param, "_ROUNDS", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return request.param


def test_a_model_and_its_data_come_out_the_same_each_time(example, tmp_path):
    paths = [tmp_path / name for name in ("one", "two")]
    for write in (example.write_model, example.write_dataset):
        for path in paths:
            write(path, ignore_progress)
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_making_a_model_tells_how_far_it_is(example, tmp_path):
    told = []
    example.write_model(tmp_path / "model.zip", lambda done, total: told.append((done, total)))
    assert told[-1] == (len(told), len(told))


def test_only_what_is_known_is_made(tmp_path):
    order = {"example": "shapes", "purpose": "dataset", "out": str(tmp_path / "data.zip")}
    for wrong in ({"example": "magic"}, {"purpose": "report"}):
        with pytest.raises(InvalidParameter, match="no example"):
            examples.make(order | wrong, ignore_progress)
