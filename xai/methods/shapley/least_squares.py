"""Shapley values from a sample of coalitions by least squares: the plain estimator.

Source: the weighted regression of Lundberg and Lee, NeurIPS 2017, https://arxiv.org/abs/1705.07874,
on pairs of complements with sizes by leverage (Musco and Witter, ICLR 2025,
https://arxiv.org/abs/2410.01917).

With complements in pairs only the odd part of the game is left, g(S) = ½·Σ sᵢ·φᵢ + what is not
additive, and the sum of the values is known: a regression with one unknown less than players. A
pair's weight is Shapley's kernel over the chance that its size was drawn. The coalitions alone
decide the operator from values to estimates: one serves every input.

Standard errors: the sandwich of White with residuals over 1 − leverage (HC3: MacKinnon and White,
Journal of Econometrics 1985), times the share of each size that was not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np

from xai.methods.shapley.game import available, sampled_halves
from xai.methods.shapley.regression import ROUNDING, Design
from xai.vocabulary import Floats


@dataclass(frozen=True, slots=True)
class _Fit:
    """What the coalitions decide. m pairs, p players.

    Attributes
    ----------
    signs : array of shape (m, p)
        Halved: a pair's odd value is `signs @ values` for an additive game.
    operator : array of shape (p, m)
        From odd values, less those of equal shares, to values less equal shares.
    spread : array of shape (p, m)
        From squared residuals to the square of each value's standard error.
    """

    signs: Floats
    operator: Floats
    spread: Floats


def estimate(values: Floats, full: Floats, empty: Floats, design: Design) -> tuple[Floats, Floats]:
    """Return Shapley values and their standard errors, both of shape (n, players).

    Parameters
    ----------
    values : array of shape (n, 2 · pairs)
        Of the sampled coalitions, then of their complements in the same order.
    full, empty : arrays of shape (n,)
    design : Design
        Its relevance is not used.
    """
    fit, half = _fit(design.players, design.coalitions, design.seed), values.shape[1] // 2
    share = ((full - empty) / design.players)[:, None]
    odd = (values[:, :half] - values[:, half:]) / 2 - share * fit.signs.sum(axis=1)
    moved = odd @ fit.operator.T
    error = np.sqrt(np.square(odd - moved @ fit.signs.T) @ fit.spread.T)
    largest = np.maximum(np.abs(values).max(axis=1), np.maximum(np.abs(full), np.abs(empty)))
    return share + moved, np.hypot(error, ROUNDING * largest[:, None])


@lru_cache(maxsize=8)
def _fit(players: int, coalitions: int, seed: int) -> _Fit:
    halves = sampled_halves(players, coalitions, seed)
    size = halves.sum(axis=1)
    drawn = np.array([(size == s).mean() * len(size) / available(players, int(s)) for s in size])
    kernel = np.array([1.0 / (comb(players, int(s)) * int(s) * (players - int(s))) for s in size])
    weight = kernel / drawn
    weight /= weight.mean()
    signs = np.where(halves, 0.5, -0.5)
    # Values less equal shares sum to zero: an orthonormal basis of what does.
    basis = np.linalg.svd(np.ones((1, players)))[2][1:].T
    inputs = signs @ basis
    solved = np.linalg.pinv((inputs.T * weight) @ inputs) @ (inputs.T * weight)
    leverage = np.clip(np.einsum("mk,km->m", inputs, solved), 0, 1 - 1e-9)
    operator = basis @ solved
    unseen = np.maximum(1 - drawn, 0) / np.square(1 - leverage)
    return _Fit(signs, operator, np.square(operator) * unseen)
