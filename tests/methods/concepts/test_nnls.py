"""Non-negative coefficients against scipy, their derivative against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from xai.methods.concepts.nnls import coefficients, differentiable, sensitivity


@pytest.fixture
def bank():
    return torch.rand((8, 40), generator=torch.Generator().manual_seed(0)).double()


@pytest.fixture
def rows():
    return torch.rand((30, 40), generator=torch.Generator().manual_seed(1)).double()


def solve(rows, bank):
    return np.array([nnls(bank.numpy().T, row)[0] for row in rows.numpy()])


def test_equals_scipy_row_by_row(rows, bank):
    found = coefficients(rows, bank)
    np.testing.assert_allclose(found, solve(rows, bank), atol=1e-9)
    assert 0.1 < float((found == 0).double().mean()) < 0.9


def test_equals_scipy_on_a_signed_bank(rows, bank):
    signed = bank - 0.5
    np.testing.assert_allclose(coefficients(rows, signed), solve(rows, signed), atol=1e-8)


def test_two_equal_concepts_share_without_breaking(rows, bank):
    twice = torch.cat([bank, bank[:1]])
    found = coefficients(rows, twice)
    assert bool((found >= 0).all())
    np.testing.assert_allclose(found @ twice, solve(rows, bank) @ bank.numpy(), atol=1e-5)


def test_no_rows_give_no_coefficients(bank):
    assert coefficients(torch.zeros((0, 40)), bank).shape == (0, 8)


def test_the_derivative_equals_finite_differences(rows, bank):
    rows, step = rows[:4], 1e-6
    exact = sensitivity(coefficients(rows, bank), bank)
    for channel in (0, 7, 39):
        move = torch.zeros(40).double()
        move[channel] = step
        change = (solve(rows + move, bank) - solve(rows - move, bank)) / (2 * step)
        np.testing.assert_allclose(exact[:, :, channel], change, atol=1e-6)


def test_autograd_goes_through_the_closed_form(rows, bank):
    inputs = rows.clone().requires_grad_()
    found = differentiable(inputs, bank)
    (slope,) = torch.autograd.grad(found[:, 2].sum(), inputs)
    np.testing.assert_allclose(slope, sensitivity(found.detach(), bank)[:, 2], atol=1e-10)
