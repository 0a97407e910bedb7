"""Parts whose units differ by sample: checked, merged, and read again as they were."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from xai.errors import XaiError
from xai.methods import catalogue
from xai.methods.card import Card
from xai.reports.ragged import read_ragged, read_samples
from xai.runner.merge import merge
from xai.runner.parts import keep_part

KIND = catalogue.GENERATION
JOB = {"role": "method", "method": "echo", "params": {}, "seed": 0, "key": "k"}
COMMON = {
    "kind": KIND, "unit": "logprob", "problem": "generation", "outputs": ["continuation"],
    "libraries": {}, "warnings": [], "evaluations": 3, "seconds": 0.5, "notes": {}, "names": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def echo(monkeypatch):
    card = Card(
        slug="echo", title="Echo", family="Test", summary="", source="", module="", cost="",
        evaluations=lambda _given, size: size.rows, is_signed=False,
    )  # fmt: skip
    monkeypatch.setitem(catalogue.KINDS[KIND], "echo", card)


def part(folder, rows, texts, outputs):
    """Keep a part of samples with two outputs each; the value of a unit tells where it stands."""
    made = folder / "made"
    made.mkdir(parents=True)
    counts = [len(of_sample) for of_sample in outputs]
    lengths = np.repeat([len(text) for text in texts], counts)
    arrays = {
        "rows": np.repeat(rows, counts),
        "of": np.repeat(np.arange(len(rows)), counts),
        "output": np.concatenate([np.arange(count) for count in counts]),
        "lengths": lengths,
        "shapes": np.stack([lengths, np.ones_like(lengths)], axis=1),
        "values": np.concatenate(
            [
                row + np.arange(n) / 10
                for row, n in zip(np.repeat(rows, counts), lengths, strict=True)
            ]
        ),
    }
    for name, array in arrays.items():
        np.save(made / f"{name}.npy", array)
    reply = COMMON | {
        "layout": "ragged", "arrays": sorted(arrays), "texts": texts,
        "targets": [t for of_sample in outputs for t in of_sample],
        "per_sample": {"stopped": [True] * len(rows)},
    }  # fmt: skip
    keep_part(reply, made, folder / "part")
    return folder / "part"


def test_two_parts_read_as_one(tmp_path):
    first = part(tmp_path / "a", [4], [["once", "upon"]], [["a", "time"]])
    second = part(tmp_path / "b", [7, 9], [["the"], ["a", "big", "dog"]], [["cat"], ["ran", "off"]])
    facts = merge(JOB, [first, second], tmp_path / "merged")
    found = read_ragged(tmp_path / "merged")
    assert facts["layout"] == "ragged"
    assert facts["per_sample"] == {"stopped": [True, True, True]}
    assert found.samples.tolist() == [4, 4, 7, 9, 9]
    assert found.targets == ["a", "time", "cat", "ran", "off"]
    place = found.at(9, 1)
    assert found.names(place) == ["a", "big", "dog"]
    np.testing.assert_allclose(found.values(place), [9, 9.1, 9.2], rtol=1e-6)
    assert found.of(4) == [0, 1]
    assert found.shape(place) == (3,)


def test_importance_is_the_mean_size_over_all_places_of_a_name(tmp_path):
    folder = part(tmp_path / "a", [1, 3], [["a", "b"], ["a"]], [["x"], ["y"]])
    merge(JOB, [folder], tmp_path / "merged")
    rows = pq.read_table(tmp_path / "merged/importance.parquet").to_pylist()
    values = {row["name"]: row["value"] for row in rows}
    assert values == pytest.approx({"a": 2.0, "b": 1.1})


def test_values_that_do_not_fit_their_lengths_are_refused(tmp_path):
    made = part(tmp_path / "a", [1], [["a", "b"]], [["x"]])
    np.save(tmp_path / "a/made/values.npy", np.zeros(5))
    reply = COMMON | {
        "layout": "ragged", "arrays": ["lengths", "of", "output", "rows", "shapes", "values"],
        "texts": [["a", "b"]], "targets": ["x"], "per_sample": {},
    }  # fmt: skip
    with pytest.raises(XaiError, match="has 5 values"):
        keep_part(reply, tmp_path / "a/made", tmp_path / "again")
    assert made.exists()
    assert not (tmp_path / "again").exists()


def test_samples_are_read_by_row(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    arrays = {"rows": [2, 5], "targets": [0, 0], "outputs": [[-3.0], [-4.0]]}
    for name, values in arrays.items():
        np.save(made / f"{name}.npy", np.array(values))
    reply = COMMON | {
        "arrays": sorted(arrays), "columns": [], "target_texts": ["the end", "a <b>"],
        "samples": [{"text": "one"}, {"text": "two"}],
    }  # fmt: skip
    keep_part(reply, made, tmp_path / "part")
    merge(JOB | {"role": "predictions", "method": ""}, [tmp_path / "part"], tmp_path / "merged")
    assert read_samples(tmp_path / "merged") == {2: {"text": "one"}, 5: {"text": "two"}}
    table = pq.read_table(tmp_path / "merged/predictions.parquet")
    assert table.column("target").to_pylist() == ["the end", "a <b>"]
    assert table.column("value").to_pylist() == [-3.0, -4.0]
