"""The loss of a table's rows: what permutation importance measures a classifier by."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.methods.problems import problem
from xai.methods.perturbation.permutation import Params, rank
from xai.workbench.problems import LEAST, _loss


class Forest:
    """Gives each class the share of its votes: 0 and 1 among them."""

    facts = SimpleNamespace(problem="classification", output="probability")

    def __init__(self, shares):
        self.bound = SimpleNamespace(probabilities=shares)


def votes(rows):
    share = np.clip(np.round(0.5 + 0.5 * rows[:, 0] + 0.02 * rows[:, 1], 2), 0, 1)
    return np.stack([1 - share, share], axis=1)


def test_the_loss_is_the_log_loss_of_probabilities_kept_from_zero():
    draw = np.random.default_rng(0)
    rows, labels = draw.normal(size=(40, 2)), draw.integers(0, 2, 40).astype(float)
    found = _loss(Forest(votes), labels)(rows, np.arange(40))
    share = votes(rows)[np.arange(40), labels.astype(int)]
    assert found.max() == pytest.approx(-np.log(LEAST))
    kept = share >= LEAST
    expected = log_loss(labels[kept], np.clip(votes(rows)[kept, 1], 1e-12, 1 - 1e-12))
    assert found[kept].mean() == pytest.approx(expected)


def test_a_row_without_a_label_has_no_loss():
    found = _loss(Forest(votes), np.array([np.nan, 1.0]))(np.zeros((2, 2)), np.arange(2))
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(np.log(2))


def test_one_certain_error_does_not_turn_the_strong_feature_negative():
    draw = np.random.default_rng(1)
    inputs = draw.choice([-1.0, 1.0], size=(80, 2))
    labels = (inputs[:, 0] > 0).astype(float)
    labels[0] = 1 - labels[0]
    given = problem(
        lambda rows: votes(rows)[:, 1], n=80, d=2, inputs=inputs, labels=labels,
        loss=_loss(Forest(votes), labels), is_classification=True,
    )  # fmt: skip
    (found,) = rank(given, Params(repeats=20))
    assert found.low[0] > 0
    assert abs(found.values[1]) < 0.05
    assert "1 %" in found.unit
