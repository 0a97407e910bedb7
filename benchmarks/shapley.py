"""Shapley values: ours and its peers in turn, in one process, on one thread.

Run: OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 python benchmarks/shapley.py [trees] [sampled]

Trees: CPU seconds (median) for 10,000 rows, building of our tables included, compilation apart;
a peer that needs minutes is timed on fewer rows and scaled. "Forward" is the library's own
prediction of the same rows. Sampled: model calls (coalitions) that each estimator needs for the
relative error that ours has at 512, from its own error at several budgets (a straight line in
logarithms); exact values by enumeration, or by 100 times the budget.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import lightgbm
import numpy as np
import shap
import shapley_sampled
import xgboost
from sklearn.ensemble import RandomForestClassifier

from xai.assets import lightgbm_file, lightgbm_trees, sklearn_trees, xgboost_trees
from xai.methods.shapley.trees import tables

ROWS, FEATURES, TREES, REPEATS, BACKGROUND = 10_000, 30, 200, 5, 100


def main():
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:] or ["trees", "sampled"]
    if "trees" in wanted:
        trees()
    if "sampled" in wanted:
        shapley_sampled.main()


def trees():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, FEATURES)).astype(np.float32)
    y = x[:, :6].sum(axis=1) + x[:, 0] * x[:, 1] + rng.normal(size=len(x)) > 0
    rows, background = x[:ROWS].astype(np.float64), x[-BACKGROUND:].astype(np.float64)
    began = time.process_time()
    warm_up(x[:500], y[:500])
    print(f"compiled in {time.process_time() - began:.1f} CPU s, once per process\n")
    heads = f"{'peer s':>9s}{'ours s':>9s}{'× faster':>9s}{'forward s':>10s}{'largest gap':>13s}"
    print(f"{'':34s}{heads}")
    for name, arrays, peer, forward, share in cases(x, y):
        compare(name, arrays, None, peer, forward, (rows, share))
    for name, arrays, peer, forward, share in interventional(x, y, background):
        compare(name, arrays, background, peer, forward, (rows, share))


def warm_up(x, y):
    model = xgboost.XGBClassifier(n_estimators=2, max_depth=3, n_jobs=1).fit(x, y)
    for background in (None, x[:5].astype(np.float64)):
        ours(of_xgboost(model), background, x.astype(np.float64))


def cases(x, y):
    """Yield (name, trees, peer, forward, share of the rows that the peer is timed on)."""
    xgb = xgboost.XGBClassifier(n_estimators=TREES, max_depth=6, n_jobs=1).fit(x, y)
    booster = xgb.get_booster()
    yield (
        "XGBoost 200 × depth 6", of_xgboost(xgb),
        lambda rows: booster.predict(xgboost.DMatrix(rows), pred_contribs=True)[:, :-1],
        booster.inplace_predict, 0.2,
    )  # fmt: skip
    lgb = lightgbm.LGBMClassifier(n_estimators=TREES, n_jobs=1, verbose=-1).fit(x, y)
    yield (
        "LightGBM 200 × 31 leaves", of_lightgbm(lgb),
        lambda rows: lgb.booster_.predict(rows, pred_contrib=True)[:, :-1],
        lgb.booster_.predict, 0.1,
    )  # fmt: skip
    forest = RandomForestClassifier(TREES, max_depth=8, random_state=0).fit(x, y)
    yield (
        "scikit-learn forest 200 × depth 8", sklearn_trees.forest_of(forest).outputs[1],
        lambda rows: shap.TreeExplainer(forest).shap_values(rows, check_additivity=False)[..., 1],
        forest.predict_proba, 0.01,
    )  # fmt: skip


def interventional(x, y, background):
    """Yield the same with a background of 100 rows."""
    xgb = xgboost.XGBClassifier(n_estimators=TREES, max_depth=6, n_jobs=1).fit(x, y)
    forest = RandomForestClassifier(TREES, max_depth=8, random_state=0).fit(x, y)
    for name, model, arrays, forward in (
        ("XGBoost", xgb, of_xgboost(xgb), xgb.get_booster().inplace_predict),
        ("forest", forest, sklearn_trees.forest_of(forest).outputs[1], forest.predict_proba),
    ):
        explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")

        def peer(rows, explainer=explainer):
            found = explainer.shap_values(rows, check_additivity=False)
            return found[..., 1] if found.ndim == 3 else found

        yield f"{name}, {BACKGROUND} background rows", arrays, peer, forward, 0.005


def of_xgboost(model):
    booster = model.get_booster()

    def margins(rows):
        found = booster.inplace_predict(rows, predict_type="margin")
        return np.asarray(found, dtype=np.float64).reshape(len(rows), -1)

    return xgboost_trees.trees_of(booster, margins, booster.num_features())[0]


def of_lightgbm(model):
    text = model.booster_.model_to_string()
    return lightgbm_trees.trees_of(lightgbm_file.read(text.encode()), 1.0)[0]


def ours(arrays, background, rows):
    tables.forget()
    return tables.tables_of(arrays, np.arange(arrays.columns), background).explain(rows)


def compare(name, arrays, background, peer, forward, asked):
    rows, share = asked
    few = rows[: int(share * len(rows))]
    times = {"peer": [], "ours": [], "forward": []}
    for _ in range(REPEATS if share > 0.05 else 1):
        expected, spent = timed(peer, few)
        times["peer"].append(spent / share)
        for _ in range(REPEATS):
            found, spent = timed(lambda given: ours(arrays, background, given), rows)
            times["ours"].append(spent)
            times["forward"].append(timed(forward, rows)[1])
    slow, quick, limit = (float(np.median(times[key])) for key in ("peer", "ours", "forward"))
    gap = float(np.abs(found[: len(few)] - expected).max())
    print(
        f"{name:34s}{slow:9.2f}{quick:9.3f}{slow / quick:9.0f}{limit:10.3f}{gap:13.1e}", flush=True
    )


def timed(function, rows):
    began = time.process_time()
    found = function(rows)
    return found, time.process_time() - began


if __name__ == "__main__":
    main()
