"""A real language model from the command line to the bundle: one row per written token."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.runner.explain import explain
from xai.runner.options import Options

pytestmark = pytest.mark.slow

METHODS = ("reagent", "occlusion", "attention_last", "random")
ROWS, TOKENS = 3, 4


def bundle(out, **more):
    options = Options(
        methods=METHODS, rows=f"first:{ROWS}", text="prompt", tokens=TOKENS, temperature=0.7, **more
    )
    model = FOLDER / "models/stories260K-llama"
    data = FOLDER / "text/tinystories_prompts_100.jsonl"
    assert explain(model, data, out, options, lambda *_: None) == {}
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return bundle(tmp_path_factory.mktemp("stories") / "out")


def rows_of(folder, name="attributions.parquet"):
    return pq.read_table(folder / name).to_pylist()


@needs_shared
def test_there_is_one_row_per_written_token_and_method(made):
    rows = rows_of(made)
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method]
        assert [(r["sample"], r["output"]) for r in mine] == [
            (s, o) for s in range(ROWS) for o in range(TOKENS)
        ]
        for row in mine:
            assert len(row["names"]) == len(row["values"]) == row["shape"][0]
    schema = pq.read_schema(made / "attributions.parquet")
    assert schema.field("output").type == pa.int32()
    assert schema.field("values").type == pa.list_(pa.float32())


@needs_shared
def test_unsigned_shares_sum_to_one_and_the_target_is_the_token_s_text(made):
    written = {row["sample"]: row["target"] for row in rows_of(made, "predictions.parquet")}
    told = {}
    for row in rows_of(made):
        if row["method"] in {"reagent", "attention_last"}:
            assert sum(row["values"]) == pytest.approx(1, abs=1e-4)
            assert min(row["values"]) >= 0
        if row["method"] == "reagent":
            told[row["sample"]] = told.get(row["sample"], "") + row["target"]
    assert told == written


@needs_shared
def test_the_probes_of_every_token_are_told(made):
    walks = rows_of(made, "walks.parquet")
    assert len(walks) == ROWS * TOKENS
    assert all(0 <= row["stopped"] <= row["probes"] == 16 for row in walks)
    assert json.loads((made / "faithfulness.json").read_text())["soft"]["rows"]


@needs_shared
def test_a_seed_gives_the_same_bits_again_and_another_others(made, tmp_path):
    again, other = bundle(tmp_path / "again"), bundle(tmp_path / "other", seed=1)
    for name in ("attributions.parquet", "predictions.parquet", "walks.parquet"):
        assert pq.read_table(made / name).equals(pq.read_table(again / name)), name
    assert not pq.read_table(made / "walks.parquet").equals(pq.read_table(other / "walks.parquet"))
