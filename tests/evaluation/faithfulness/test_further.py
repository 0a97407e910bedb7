"""Further measures, against the worked toy model, captum's and slow literal forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.faithfulness.toy import PHI, WEIGHTS, probability
from xai.evaluation.faithfulness import further

FULL = np.ones(4)


def drops(removed):
    return probability(FULL)[0] - probability(~removed)


def path_values(steps=2000):
    """Return integrated gradients of the toy model from nothing, by the midpoint rule."""
    at = (np.arange(steps) + 0.5) / steps
    slope = [probability(a * FULL)[0] * (1 - probability(a * FULL)[0]) for a in at]
    return WEIGHTS * np.mean(slope)


def gradient(x):
    p = probability(x)
    return (p * (1 - p))[:, None] * WEIGHTS


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def test_worked_infidelity_over_all_removals(draw):
    removed = further.removals(4, draw)
    assert len(removed) == 15
    assert further.infidelity(PHI, removed, drops(removed)) == pytest.approx(0.0018494, abs=1e-6)
    foretold, real = removed @ PHI, drops(removed)
    assert foretold @ real / (foretold @ foretold) == pytest.approx(0.191010, abs=1e-6)
    assert np.mean((foretold - real) ** 2) == pytest.approx(2.183399, abs=1e-6)


def test_worked_infidelity_of_exact_integrated_gradients(draw):
    removed = further.removals(4, draw)
    plain = np.mean((removed @ path_values() - drops(removed)) ** 2)
    assert plain == pytest.approx(2.2025e-3, abs=1e-6)


def test_infidelity_does_not_depend_on_the_scale_and_sees_an_exact_forecast(draw):
    removed = further.removals(12, draw)
    weights = draw.standard_normal(12)
    real = removed @ weights
    assert further.infidelity(7 * weights, removed, real) == pytest.approx(0, abs=1e-12)
    other = draw.standard_normal(12)
    once, twice = (further.infidelity(s * other, removed, real) for s in (1.0, -30.0))
    assert once == pytest.approx(twice)
    assert np.isnan(further.infidelity(np.zeros(12), removed, real))


def test_worked_correlation_over_pairs(draw):
    removed = further.subsets(4, further.subset_size(4), draw)
    assert removed.sum(axis=1).tolist() == [2] * 6
    ranks, values = further.subset_correlations(PHI, removed, drops(removed))
    assert values == pytest.approx(0.990055, abs=1e-6)
    assert ranks == pytest.approx(1.0)


def test_correlations_are_scipys(draw):
    for _ in range(5):
        a, b = draw.standard_normal((2, 17)).round(1)
        assert further.correlation(a, b) == pytest.approx(stats.pearsonr(a, b).statistic)
        assert further.kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
        expected = stats.spearmanr(abs(a), abs(b)).statistic
        assert further.rank_likeness(a, b) == pytest.approx(expected)


def test_a_constant_correlates_with_nothing(draw):
    constant, other = np.full(5, 0.1), draw.standard_normal(5)
    assert np.isnan(further.correlation(constant, other))
    assert np.isnan(further.kendall(constant, other))
    assert np.isnan(further.rank_likeness(constant, other))


def test_worked_spread_of_strength():
    assert further.entropy(PHI) == pytest.approx(1.273028, abs=1e-6)
    assert further.entropy(np.ones(4)) == pytest.approx(1.386294, abs=1e-6)
    assert further.gini(PHI) == pytest.approx(0.25)
    assert further.gini(np.ones(4)) == pytest.approx(0)
    assert np.isnan(further.gini(np.zeros(4)))
    assert np.isnan(further.entropy(np.zeros(4)))


def test_gini_is_half_the_mean_difference_over_the_mean(draw):
    x = draw.exponential(size=9)
    pairs = [abs(a - b) for a, b in itertools.product(x, x)]
    assert further.gini(-x) == pytest.approx(np.mean(pairs) / (2 * x.mean()))


def test_worked_similarity_after_randomisation():
    other = np.array([-0.3, 1.2, 0.4, -0.9])
    assert further.rank_likeness(PHI, other) == pytest.approx(-0.632456, abs=1e-6)
    signed = further.correlation(stats.rankdata(PHI), stats.rankdata(other))
    assert signed == pytest.approx(-0.4, abs=1e-6)


MOVES = 0.02 * np.array([[0, 0, 0, 0], [1, 1, 1, 1], [-1, 1, -1, 1], [1, -1, 1, -1], [-1] * 4])


def test_worked_sensitivity_and_relative_stability():
    inputs = (FULL + MOVES)[:, None]
    values = np.array([gradient(each) for each in inputs])
    assert further.max_sensitivity(values)[0] == pytest.approx(0.054206, abs=1e-6)
    assert further.relative_stability(values, inputs)[0] == pytest.approx(2.710301, abs=1e-6)


def test_what_is_nothing_and_moves_has_no_relative_size():
    values = np.array([[[0.0, 1.0], [0.0, 1.0]], [[0.1, 1.0], [0.0, 1.1]]])
    inputs = np.array([[[1.0], [1.0]], [[1.1], [1.1]]])
    found = further.relative_stability(values, inputs)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(1.0)
    assert np.isnan(further.max_sensitivity(np.zeros((2, 1, 3)))).all()


@pytest.mark.parametrize("players", [2, 3, 5, 6, 40])
def test_masks_are_all_there_are_or_a_draw_of_them(players, draw):
    removed = further.removals(players, draw)
    assert removed.any(axis=1).all()
    assert len(removed) == min(further.MASKS, 2**players - 1)
    size = further.subset_size(players)
    chosen = further.subsets(players, size, draw)
    assert (chosen.sum(axis=1) == size).all()
    assert 1 <= len(chosen) <= further.MASKS


def test_captum_says_the_same_of_infidelity(draw):
    torch = pytest.importorskip("torch")
    from captum.metrics import infidelity

    removed = further.removals(4, draw)
    x = torch.ones(1, 4, dtype=torch.float64)
    turn = iter(removed)

    def score(inputs):
        return torch.sigmoid(inputs @ torch.tensor(WEIGHTS) - 0.5)

    def one(inputs):
        masks = torch.tensor(np.array([next(turn) for _ in inputs]), dtype=torch.float64)
        return masks, inputs - masks

    found = infidelity(
        score, one, x, torch.tensor(PHI)[None], n_perturb_samples=len(removed), normalize=True
    )
    assert further.infidelity(PHI, removed, drops(removed)) == pytest.approx(float(found))
