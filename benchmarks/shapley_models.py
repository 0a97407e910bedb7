"""Sampled Shapley values of real models against enumeration, and how honest their errors are.

Run: OMP_NUM_THREADS=1 python benchmarks/shapley_models.py [inputs] [background]
Models without an exact algorithm of their own: support vector machine and network (scikit-learn),
ONNX graphs. Truth: every coalition (13 or 14 features). Share: values within 1.96 and within 3 of
their reported standard errors. Error: mean over inputs of |φ − exact|² / |φ exact|².
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from xai.assets.sniff import sniff
from xai.methods.shapley import features
from xai.vocabulary import Recipe
from xai.workbench.opened import open_recipe
from xai.workbench.problems import pose

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PARALLAX_SHARED", ROOT.parent / "shared" / "data"))
HEART = "age,trestbps,chol,thalach,oldpeak,ca,sex,cp,fbs,restecg,exang,slope,thal"


def main() -> None:
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    background = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"{inputs} inputs, {background} background rows, 512 coalitions, 3 seeds")
    print(f"{'model':28s}{'features':>9s}{'± 1.96':>9s}{'± 3':>8s}{'error':>10s}{'s':>7s}")
    with tempfile.TemporaryDirectory() as folder:
        for name, model, data, order in cases(Path(folder)):
            recipe = Recipe(
                model=name,
                dataset="",
                methods=(),
                rows=f"sample:{inputs}",
                label="disease" if "heart" in data.name else "",
                features=order,
                background=background,
            )
            report(name, problem_of(model, data, recipe))


def cases(folder: Path):
    yield "network, wine", *network(folder), ()
    if not SHARED.is_dir():
        return
    heart, models = SHARED / "tabular" / "heart_cleveland.csv", SHARED / "models"
    yield "support vectors, heart", models / "heart_svm_pipeline.skops", heart, ()
    yield "ONNX support vectors", models / "heart_svm.onnx", heart, tuple(HEART.split(","))
    yield "ONNX forest, adult", models / "adult_rf.onnx", SHARED / "tabular/adult_test_4000.csv", ()


def network(folder: Path) -> tuple[Path, Path]:
    from sklearn.datasets import load_wine
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops.io import dump

    table, kind = load_wine(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((64, 32), max_iter=400, random_state=0))
    dump(model.fit(table, kind.astype(str)), folder / "network.skops")
    table.to_csv(folder / "wine.csv", index=False)
    return folder / "network.skops", folder / "wine.csv"


def problem_of(model: Path, data: Path, recipe: Recipe):
    opened = open_recipe(str(model), sniff(model, model.name), str(data), recipe)
    return pose(opened, recipe, 0, 0, len(opened.chosen))[0]


def report(name: str, problem) -> None:
    count = len(problem.names)
    began = time.perf_counter()
    exact = features.attribute(problem, features.Params(exact_up_to=count)).values
    spent = time.perf_counter() - began
    hits, errors = [], []
    for seed in range(3):
        found = features.attribute(replace(problem, seed=seed), features.Params())
        assert found.error is not None
        missed = np.abs(found.values - exact)
        hits.append(missed[..., None] <= found.error[..., None] * [1.96, 3])
        errors.append(np.mean((missed**2).sum(1) / (exact**2).sum(1)))
    near, far = np.mean(hits, axis=(0, 1, 2))
    print(f"{name:28s}{count:9d}{near:9.1%}{far:8.1%}{np.mean(errors):10.1e}{spent:7.1f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
