"""A planted truth from the file to the verdict: a linear model, its data, the jail, the bundle."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from xai.errors import XaiError
from xai.reports.results import Results
from xai.runner import faithfulness, plan
from xai.runner.explain import explain
from xai.runner.faithfulness import narrowed
from xai.runner.options import Options
from xai.vocabulary import Recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Fit a linear regression on independent features of very different weight."""
    from sklearn.linear_model import LinearRegression
    from skops.io import dump

    folder = tmp_path_factory.mktemp("linear")
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.standard_normal((80, 5)), columns=list("abcde"))
    truth = table @ [4.0, -2.0, 1.0, 0.5, 0.0]
    dump(LinearRegression().fit(table, truth), folder / "model.skops")
    table.to_csv(folder / "data.csv", index=False)
    return folder


def bundle(files, out, **choices):
    options = Options(methods=("shapley", "lime", "random"), rows="0:30", **choices)
    explain(files / "model.skops", files / "data.csv", out, options, lambda *_: None)
    summary = json.loads((out / "faithfulness.json").read_text())
    return summary, pq.read_table(out / "faithfulness.parquet").to_pandas()


@pytest.fixture(scope="module")
def found(files, tmp_path_factory):
    return bundle(files, tmp_path_factory.mktemp("bundle") / "out")


def test_shapley_values_of_a_linear_model_are_robustly_better_than_chance(found):
    summary, _ = found
    (row,) = (
        r for r in summary["robust"]
        if (r["a"], r["b"], r["measure"]) == ("shapley", "random", "gap")
    )  # fmt: skip
    assert (row["verdict"], row["winner"]) == ("robust", "shapley")
    assert [b["slug"] for b in summary["baselines"]] == ["rows", "mean", "median", "row"]


def test_the_control_of_a_run_is_not_a_contestant(found):
    summary, table = found
    assert summary["methods"] == ["shapley", "lime"]
    assert set(table["method"]) == {
        "shapley",
        "lime",
        "self:shapley",
        "self:lime",
        "random",
        "leave-one-out",
    }


def test_exact_values_add_up_and_move_with_their_inputs(found):
    _, table = found
    own = table[(table["method"] == "shapley") & (table["baseline"] == "rows")]
    gaps = own[own["measure"] == "completeness"]["value"]
    assert gaps.max() < 1e-5
    moved = own[own["measure"] == "sensitivity"]["value"]
    assert len(moved) == 30
    assert (moved < 0.2).all()


def test_the_cut_into_shards_changes_nothing(files, found, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "SHARD_SECONDS", 1e-3)
    _, table = bundle(files, tmp_path / "out")
    columns = ["method", "baseline", "measure", "sample"]
    again = table.set_index(columns)["value"].sort_index()
    once = found[1].set_index(columns)["value"].sort_index()
    pd.testing.assert_series_equal(again, once, rtol=1e-9, atol=1e-12)


def test_many_rows_are_measured_on_an_even_spread(tmp_path, monkeypatch):
    from tests.reports.fixtures import write_run

    results = write_run(tmp_path, rows=50)
    monkeypatch.setitem(faithfulness.MEASURED_MOST, "tabular", 10)
    recipe = narrowed(Recipe("m", "d", ()), results.folders)
    assert recipe.rows == "0,10,20,30,40,50,60,70,80,90"
    given = faithfulness.given(results.folders, 2, 4)
    assert given.arrays["of0"].tolist() == [0, 1]
    method = Results.gather({}, results.folders).local_methods()[0]
    np.testing.assert_array_equal(given.arrays["values0"], method.values[[10, 15]].ravel())


def test_parts_of_different_methods_are_refused(tmp_path):
    reply = {"contestants": ["a"], "baselines": [], "arrays": []}
    parts = []
    for at, change in enumerate(({}, {"contestants": ["b"]})):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "part.json").write_text(json.dumps(reply | change))
        parts.append(folder)
    with pytest.raises(XaiError, match="not of the same methods"):
        faithfulness.merge({"role": "faithfulness"}, parts, tmp_path / "out")
