"""What agreement compares of texts and pictures, read from the files of merged jobs."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xai.errors import XaiError
from xai.runner import agreement, unit_tables
from xai.runner.common_units import players
from xai.runner.merge import write_folder

JOB = {"role": "agreement", "method": "", "params": {}, "seed": 0, "key": "k"}
TEXT = {"words": [-1, 0, 0, 1, 2, -1]}
TOKENS = ["[CLS]", "un", "happy", "old", "man", "[SEP]"]


def method(folder, slug, values, *, shape=None, texts=None, outputs=1, signed=True):
    """Write a merged job whose values (explanations, units) explain rows 0, 1, 2…"""
    values = np.asarray(values, dtype=float)
    count, units = values.shape
    n = count // outputs
    arrays = {
        "rows": np.repeat(np.arange(n), outputs), "of": np.repeat(np.arange(n), outputs),
        "output": np.tile(np.arange(outputs), n), "lengths": np.full(count, units),
        "shapes": np.tile(shape or (units, 1), (count, 1)), "values": values.ravel(),
    }  # fmt: skip
    replies = [{"texts": [texts or []] * n, "targets": ["x"] * count, "per_sample": {}}]
    job = {"role": "method", "method": slug}
    files = unit_tables.attribution_files(job, replies, arrays)
    facts = {"layout": "ragged", "scope": "local", "names": [], "is_signed": signed, "kind": "any"}
    write_folder(folder / slug, files, facts)
    return folder / slug


def samples(folder, *facts):
    columns = {"sample": list(range(len(facts))), "facts": [json.dumps(one) for one in facts]}
    table = pa.table({"sample": pa.array(columns["sample"], pa.int64()), "facts": columns["facts"]})
    write_folder(folder / "predictions", {"samples.parquet": table}, {"kind": "any"})
    return folder / "predictions"


def tau(folder):
    rows = pq.read_table(folder / "agreement.parquet").to_pylist()
    return [r["value"] for r in rows if (r["measure"], r["a"], r["b"]) == ("kendall", "a", "b")]


def evaluate(tmp_path, **folders):
    agreement.evaluate(folders, tmp_path / "out", JOB)
    return json.loads((tmp_path / "out/agreement.json").read_text())


def test_tokens_are_compared_as_words_without_special_tokens(tmp_path):
    # As words 5, 4, 3 against 9, 5, 2: the same order; as tokens it is not.
    found = evaluate(
        tmp_path,
        predictions=samples(tmp_path, TEXT),
        a=method(tmp_path, "a", [[9, 1, 4, 4, 3, 0]], texts=TOKENS),
        b=method(tmp_path, "b", [[0, 8, 1, 5, 2, 9]], texts=TOKENS),
    )
    assert tau(tmp_path / "out") == pytest.approx([1.0])
    assert found["samples"][0]["unit"] in {"unhappy", "old", "man"}


def test_an_output_is_compared_over_the_tokens_before_it(tmp_path):
    # The third unit is the first token that was written: it cannot explain itself.
    first, second = [[2, 1, 7], [1, 2, 3]], [[2, 1, 0], [1, 2, 3]]
    evaluate(
        tmp_path,
        predictions=samples(tmp_path, {"prompt_units": 2}),
        a=method(tmp_path, "a", first, texts=list("abc"), outputs=2),
        b=method(tmp_path, "b", second, texts=list("abc"), outputs=2),
    )
    assert tau(tmp_path / "out") == pytest.approx([1.0])


def test_pictures_of_different_maps_are_compared_over_one_grid(tmp_path):
    fine = np.arange(64 * 64.0).reshape(1, -1)
    coarse = fine.reshape(8, 8, 8, 8).sum(axis=(1, 3)).reshape(1, -1)
    found = evaluate(
        tmp_path,
        predictions=samples(tmp_path, {"name": "cat"}),
        a=method(tmp_path, "a", fine, shape=(64, 64)),
        b=method(tmp_path, "b", coarse, shape=(8, 8)),
    )
    assert 0.9 < tau(tmp_path / "out")[0] < 1.0
    assert (found["k"], found["units"]) == (10, [])
    assert found["samples"][0]["unit"].startswith("cell ")


def test_one_method_alone_is_refused(tmp_path):
    with pytest.raises(XaiError, match="at least two methods"):
        evaluate(tmp_path, a=method(tmp_path, "a", [[1, 2]], texts=list("ab")))


def test_words_are_counted_from_zero_and_unknown_tokens_stand_alone():
    assert players({"words": [-1, 3, 3, 7, -1]}, 5).tolist() == [-1, 0, 0, 1, -1]
    assert players({}, 3).tolist() == [0, 1, 2]
