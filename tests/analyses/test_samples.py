"""Hard rows and influence: worked values, closed forms, and refits that leave one row out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from xai.analyses import influence, samples
from xai.errors import NotApplicable

SHARES = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])
LABELS = np.array([0, 2])


def test_the_worked_values_of_one_row():
    assert samples.loss(SHARES, LABELS)[0] == pytest.approx(0.356675, abs=1e-6)
    assert samples.margin(SHARES, LABELS)[0] == pytest.approx(0.5)
    assert samples.entropy(SHARES)[0] == pytest.approx(0.801819, abs=1e-6)
    assert samples.el2n(SHARES, LABELS)[0] == pytest.approx(0.374166, abs=1e-6)
    assert samples.el2n(SHARES, LABELS)[1] == pytest.approx(1.157584, abs=1e-6)
    hidden = np.array([[0.5, -1.0, 2.0]] * 2)
    assert samples.grand(SHARES, LABELS, hidden)[0] == pytest.approx(0.935414, abs=1e-6)


def test_grand_is_the_gradient_that_torch_finds():
    draw = torch.Generator().manual_seed(0)
    hidden = torch.randn(5, 4, generator=draw, dtype=torch.double)
    layer = torch.nn.Linear(4, 3, dtype=torch.double)
    labels = torch.tensor([0, 1, 2, 1, 0])
    shares = torch.softmax(layer(hidden), dim=1).detach().numpy()
    found = samples.grand(shares, labels.numpy(), hidden.numpy())
    for at in range(5):
        layer.zero_grad()
        one = slice(at, at + 1)
        torch.nn.functional.cross_entropy(layer(hidden[one]), labels[one]).backward()
        both = torch.cat([layer.weight.grad.ravel(), layer.bias.grad.ravel()])
        assert found[at] == pytest.approx(float(both.norm()))


def test_the_ridge_of_the_worked_example():
    rows = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
    truth, tested, answer = np.array([0.0, 1, 1, 4]), np.array([1, 1.5]), 3.0
    hessian = rows.T @ rows / 4 + 0.1 * np.eye(2)
    weights = np.linalg.solve(hessian, rows.T @ truth / 4)
    np.testing.assert_allclose(weights, [-0.131579, 1.096491], atol=1e-6)
    gradients = (rows @ weights - truth)[:, None] * rows
    gradient = ((tested @ weights - answer) * tested)[None]
    found = influence.up(gradients, hessian, gradient)[0]
    np.testing.assert_allclose(found, [-0.154450, -0.045763, 1.522766, -1.317976], atol=1e-6)
    np.testing.assert_allclose(-found / 4, [0.038613, 0.011441, -0.380692, 0.329494], atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_influence_orders_rows_as_refits_without_them_do(classes):
    draw = np.random.default_rng(0)
    hidden = draw.normal(size=(60, 3))
    labels = (hidden[:, 0] + 0.8 * draw.normal(size=60) > 0).astype(int)
    if classes == 3:
        labels[hidden[:, 1] > 1] = 2
    strength = 0.6  # of the penalty: the mean loss with strength / 60 · ‖w‖² / 2

    def fit(rows):
        made = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=5000)
        return made.fit(hidden[rows], labels[rows])

    every = np.arange(60)
    model = fit(every)
    shares, tested = model.predict_proba(hidden), np.array([1, 7])
    gradients = influence.gradients_of(shares, labels, hidden)
    hessian = influence.hessian_of(shares, hidden) + strength / 60 * np.eye(gradients.shape[1])
    found = -influence.up(gradients, hessian, gradients[tested]) / 60
    exact = np.empty((2, 60))
    before = samples.loss(shares[tested], labels[tested])
    for out in range(60):
        without = fit(np.delete(every, out)).predict_proba(hidden[tested])
        exact[:, out] = samples.loss(without, labels[tested]) - before
    for at in range(2):
        others = np.delete(every, tested[at])
        assert np.corrcoef(found[at, others], exact[at, others])[0, 1] > 0.95


def test_a_layer_that_is_too_large_is_refused_in_a_sentence():
    shares = np.full((2, 1001), 1 / 1001)
    with pytest.raises(NotApplicable, match="last layer has"):
        influence.of_last_layer(shares, np.zeros(2, int), np.zeros((2, 100)), np.array([0]))
