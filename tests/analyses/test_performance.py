"""Performance with intervals: scikit-learn's measures, closed forms, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from xai.analyses import performance, rankings


def test_the_measures_of_classes_are_those_of_scikit_learn():
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 200)
    shares = draw.dirichlet([1, 1, 1], 200)
    shares[np.arange(200), labels] += 0.4
    shares /= shares.sum(axis=1, keepdims=True)
    found = performance.of_classes(shares, labels)
    answers = shares.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, answers))
    assert found["balanced"] == pytest.approx(metrics.balanced_accuracy_score(labels, answers))
    theirs = metrics.roc_auc_score(labels, shares, multi_class="ovr")
    assert found["auc"] == pytest.approx(theirs)


def test_the_area_of_two_classes_counts_ties_as_half():
    labels = np.array([0, 0, 1, 1])
    margins = np.array([0.1, 0.5, 0.5, 0.9])
    found = performance.of_classes(np.stack([-margins, margins], axis=1), labels)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(labels, margins)) == 0.875


def test_the_measures_of_values_are_those_of_scikit_learn():
    draw = np.random.default_rng(1)
    labels = draw.normal(size=50)
    values = labels + 0.3 * draw.normal(size=50)
    found = performance.of_values(values, labels)
    assert found["r2"] == pytest.approx(metrics.r2_score(labels, values))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(labels, values))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(labels, values))


def test_one_class_alone_has_no_area():
    found, _ = performance.bounded(np.eye(2)[[0, 1, 0]], np.zeros(3), 0, is_classification=True)
    assert np.isnan(found["auc"]["value"])
    assert np.isnan(found["auc"]["low"])
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)


def test_the_interval_holds_the_true_accuracy_nine_times_in_ten():
    draw = np.random.default_rng(2)
    held = 0
    for trial in range(60):
        right = draw.random(80) < 0.8
        labels = draw.integers(0, 2, 80)
        shares = np.eye(2)[np.where(right, labels, 1 - labels)]
        found, _ = performance.bounded(shares, labels, trial, is_classification=True)
        held += found["accuracy"]["low"] <= 0.8 <= found["accuracy"]["high"]
    assert held >= 51


def test_rankings_agree_as_the_agreement_of_methods_does():
    from scipy import stats

    first = np.array([[0.5, 0.3, 0.2, 0.0, 0.1]])
    second = np.array([[0.4, 0.25, 0.3, 0.05, 0.1]])
    found = rankings.alike(first, second)
    assert found["kendall"][0] == pytest.approx(stats.kendalltau(first[0], second[0])[0]) == 0.8
    assert found["spearman"][0] == pytest.approx(0.9)
    assert found["pearson"][0] == pytest.approx(stats.pearsonr(first[0], second[0])[0])


def test_the_interval_of_an_agreement_holds_its_value():
    draw = np.random.default_rng(3)
    values = np.abs(draw.normal(size=(30, 8)))
    counts = rankings.drawn(30, 0)
    assert counts.sum(axis=1).tolist() == [30] * rankings.RESAMPLES
    draws = rankings.means_of(values, counts)
    means = values.mean(axis=0)
    found = rankings.bounded((means, means), (draws, draws))
    assert found["kendall"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    other = rankings.bounded((means, means), (draws, rankings.means_of(values, counts[::-1])))
    assert other["kendall"]["low"] < other["kendall"]["value"] == other["kendall"]["high"] == 1.0
