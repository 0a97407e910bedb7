"""Missing values where a model takes none: never in the background, refused among the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xai.errors import RefusedFile
from xai.vocabulary import Recipe
from xai.workbench.opened import open_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A linear model in three formats, whole data, and data with gaps after row 19."""
    from skl2onnx import to_onnx
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from skops.io import dump

    folder = tmp_path_factory.mktemp("gaps")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(80, 3)), columns=["f0", "f1", "f2"])
    truth = (frame["f0"] > frame["f1"]).astype(int)
    bare = LogisticRegression().fit(frame.to_numpy(), truth)
    dump(LogisticRegression().fit(frame, truth), folder / "skops")
    dump(make_pipeline(SimpleImputer(), LogisticRegression()).fit(frame, truth), folder / "imputer")
    graph = to_onnx(bare, frame.to_numpy(dtype=np.float32), options={"zipmap": False})
    (folder / "onnx").write_bytes(graph.SerializeToString())
    frame.to_csv(folder / "whole.csv", index=False)
    frame.loc[20:, "f1"] = np.nan
    frame.to_csv(folder / "gaps.csv", index=False)
    frame.loc[:, "f1"] = np.nan
    frame.to_csv(folder / "nothing.csv", index=False)
    return folder


def opened(folder, model, data="gaps.csv", rows="0:10"):
    form = "skops" if model == "imputer" else model
    asked = Recipe("", "", (), rows=rows, background=15)
    return open_recipe(str(folder / model), form, str(folder / data), asked)


@pytest.mark.parametrize("model", ["skops", "onnx"])
def test_rows_with_gaps_are_no_background(folder, model):
    found = opened(folder, model)
    assert found.background.shape == (15, 3)
    assert len(found.reference) == 20
    assert np.isfinite(found.background).all()
    assert np.isfinite(found.reference).all()
    assert "60 rows with missing values (in column `f1`) are not in the background" in str(
        found.notes
    )


@pytest.mark.parametrize("model", ["skops", "onnx"])
def test_a_row_with_a_gap_is_refused_by_number_and_column(folder, model):
    with pytest.raises(RefusedFile) as refused:
        opened(folder, model, rows="18:24")
    assert "4 of 6 rows to explain have some, the first is row 20 (in column `f1`)" in str(
        refused.value
    )
    assert "imputer" in str(refused.value)


@pytest.mark.parametrize("model", ["skops", "onnx"])
def test_without_any_whole_row_nothing_is_explained(folder, model):
    with pytest.raises(RefusedFile, match="takes no missing values"):
        opened(folder, model, "nothing.csv")


def test_a_model_that_takes_gaps_sees_them(folder):
    found = opened(folder, "imputer", rows="all")
    assert np.isnan(found.reference[:, 1]).sum() == 60
    assert found.notes == ()


@pytest.mark.parametrize("model", ["skops", "onnx", "imputer"])
def test_whole_data_are_drawn_as_ever(folder, model):
    found = opened(folder, model, "whole.csv")
    drawn = np.sort(np.random.default_rng([0, 1]).permutation(80)[:15])
    np.testing.assert_array_equal(found.background, found.table.matrix[drawn])
