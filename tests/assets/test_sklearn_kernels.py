"""Gaussian support vector machines by matrix products: the same answers as scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR
from skops.io import dump

from xai.assets.models import load_model
from xai.assets.sklearn_kernels import machine_of
from xai.assets.table import Column
from xai.errors import XaiError

X, Y = load_wine(return_X_y=True)
COLUMNS = tuple(Column(f"x{i}", "number") for i in range(X.shape[1]))
MACHINES = {
    "two classes": (SVC(), Y == 1),
    "three classes": (SVC(C=10), Y),
    "two classes, nu": (NuSVC(nu=0.3), Y == 1),
    "three classes, nu": (NuSVC(nu=0.3), Y),
    "regression": (SVR(C=100), X[:, 0]),
    "regression, nu": (NuSVR(C=100), X[:, 0]),
    "a width by hand": (SVC(gamma=0.3, C=1000), Y == 0),
}


def opened(model, label, folder):
    dump(model.fit(X, label), folder / "model.skops")
    loaded = load_model(folder / "model.skops", "skops")
    return loaded, loaded.bind(COLUMNS)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("name", MACHINES)
def test_the_answers_are_scikit_learns(name, scaled, tmp_path):
    machine, label = MACHINES[name]
    model = make_pipeline(StandardScaler(), machine) if scaled else machine
    loaded, bound = opened(model, label, tmp_path)
    assert loaded.quick is not None
    rows = X + np.random.default_rng(0).normal(size=X.shape) * X.std(axis=0)
    rows[::7] *= 1e3
    how = "predict" if "regression" in name else "decision_function"
    expected = getattr(model, how)(rows).reshape(len(rows), -1)
    found = bound.outputs(rows)[:, -expected.shape[1] :]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "model",
    [
        SVC(kernel="poly"),
        SVC(kernel="linear"),
        SVC(decision_function_shape="ovo"),
        SVC(probability=True),
    ],
)
@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
def test_other_machines_are_left_to_scikit_learn(model):
    model.fit(X, Y)
    how = "predict_proba" if model.probability is True else "decision_function"
    assert machine_of(model, how) is None


def test_far_rows_are_left_to_scikit_learn_one_by_one():
    model = SVC().fit(X, Y == 1)
    machine = machine_of(model, "decision_function")
    rows = X[:4].copy()
    rows[1] += 1e9
    assert machine.decide(rows)[1].tolist() == [True, False, True, True]


def test_missing_numbers_are_refused_as_before(tmp_path):
    _, bound = opened(SVC(), Y == 1, tmp_path)
    holes = X[:3].copy()
    holes[1, 2] = np.nan
    with pytest.raises(XaiError, match="scikit-learn cannot predict these rows"):
        bound.outputs(holes)
