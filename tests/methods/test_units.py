"""Methods over units that differ by sample: against closed forms and literal sums."""

from __future__ import annotations

import numpy as np
import pytest

from tests.methods.games import curved, played, shapley_literally, words
from xai.methods import random_units
from xai.methods.perturbation import occlusion_units
from xai.methods.shapley import units as shapley
from xai.methods.surrogates import lime_units

LINEAR = np.array([2.0, -1.0, 0.5, 0.0, 3.0])
ALL = (shapley, occlusion_units, lime_units, random_units)
PLAYERS = (words(1, 2, 1), words(1, 1, 3, 1, 1, 2), words(), words(4), words(*[1] * 11))


def many(**others):
    counts = [int(each.max()) + 1 for each in PLAYERS]
    return played([curved(count) for count in counts], PLAYERS, **others)


def part(whole, start, stop):
    from dataclasses import replace

    cut = slice(start, stop)
    return replace(
        whole,
        rows=whole.rows[cut],
        names=whole.names[cut],
        shapes=whole.shapes[cut],
        players=whole.players[cut],
        outputs=whole.outputs[cut],
        score=lambda kept, of: whole.score(kept, of + start),
    )


@pytest.mark.parametrize("method", ALL)
def test_values_fit_the_units_and_fixed_units_get_nothing(method):
    given = many()
    found = method.attribute(given, method.Params())
    for values, players in zip(found.values, given.players, strict=True):
        assert values.shape == (1, len(players))
        assert np.isfinite(values).all()
        assert (values[:, players < 0] == 0).all()
    assert found.evaluations == given.score.rows


@pytest.mark.parametrize("method", ALL)
def test_cutting_into_shards_changes_nothing(method):
    given = many()
    whole = method.attribute(given, method.Params())
    parts = [method.attribute(part(given, *ends), method.Params()) for ends in ((0, 2), (2, 5))]
    for one, both in zip(whole.values, [v for p in parts for v in p.values], strict=True):
        np.testing.assert_allclose(one, both, atol=1e-9)


@pytest.mark.parametrize("method", ALL)
def test_progress_reaches_the_end(method):
    seen = []
    method.attribute(many(), method.Params(), lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]


def test_small_games_are_shapley_values_exactly():
    given = many()
    found = shapley.attribute(given, shapley.Params())
    for i in (0, 1, 3):
        count = int(given.players[i].max()) + 1
        expected = shapley_literally(given.score.functions[i], count)
        word = [found.values[i][0, given.players[i] == p].sum() for p in range(count)]
        np.testing.assert_allclose(word, expected, atol=1e-12)
        assert (found.error[i] == 0).all()


def test_sampled_games_come_near_and_say_how_near():
    given = many()
    found = shapley.attribute(given, shapley.Params(coalitions=256))
    expected = shapley_literally(given.score.functions[4], 11)
    missed = np.abs(found.values[4][0, 1:-1] - expected)
    assert (missed <= 4 * found.error[4][0, 1:-1] + 1e-6).all()
    assert missed.max() < 0.05


def test_shapley_values_and_base_sum_to_the_score():
    given = many()
    found = shapley.attribute(given, shapley.Params())
    for i, players in enumerate(given.players):
        full = given.score(np.ones((1, len(players)), dtype=bool), np.array([i]))[0, 0]
        assert found.base[i][0] + found.values[i].sum() == pytest.approx(full, abs=1e-9)
        assert abs(found.residual[i][0]) < 1e-9


def test_hundreds_of_players_are_no_obstacle():
    weight = np.random.default_rng(0).normal(size=300)
    given = played([lambda kept: kept @ weight], [np.arange(300)])
    found = shapley.attribute(given, shapley.Params())
    np.testing.assert_allclose(found.values[0][0], weight, atol=1e-6)


@pytest.mark.parametrize("method", [shapley, occlusion_units])
def test_a_linear_score_gives_its_weights_shared_among_the_tokens_of_a_word(method):
    given = played([lambda kept: 1 + kept @ LINEAR], [words(1, 2, 1, 1, 3)])
    found = method.attribute(given, method.Params())
    expected = [0, 2, -0.5, -0.5, 0.5, 0, 1, 1, 1, 0]
    np.testing.assert_allclose(found.values[0][0], expected, atol=1e-12)


def test_lime_comes_near_a_linear_score_and_follows_it():
    given = played([lambda kept: 1 + kept @ LINEAR], [words(1, 2, 1, 1, 3)])
    found = lime_units.attribute(given, lime_units.Params(samples=2000, ridge=1e-3))
    expected = [0, 2, -0.5, -0.5, 0.5, 0, 1, 1, 1, 0]
    np.testing.assert_allclose(found.values[0][0], expected, atol=1e-3)
    assert found.per_sample["fit"][0][0] == pytest.approx(1, abs=1e-4)


def test_occlusion_is_the_fall_of_the_score():
    given = played([curved(4)], [words(1, 1, 1, 1)])
    found = occlusion_units.attribute(given, occlusion_units.Params())
    full = curved(4)(np.ones((1, 4)))[0]
    for player in range(4):
        without = np.ones((1, 4))
        without[0, player] = 0
        fall = full - curved(4)(without)[0]
        assert found.values[0][0, 1 + player] == pytest.approx(fall, abs=1e-12)


@pytest.mark.parametrize("method", ALL)
def test_what_comes_after_an_output_gets_exactly_nothing(method):
    weight = np.random.default_rng(1).normal(size=(3, 10))
    able = np.arange(10) < np.array([8, 9, 10])[:, None]

    def score(kept):
        return np.tanh(kept @ (weight * able).T / 3)

    causes = (np.array([8, 9, 10]),)
    given = played([score], [np.arange(10)], outputs=3, causes=causes)
    found = method.attribute(given, method.Params())
    assert (found.values[0][~able] == 0).all()
    if method is shapley:
        for o in range(3):
            expected = shapley_literally(lambda kept, o=o: score(kept)[:, o], 10)
            np.testing.assert_allclose(found.values[0][o], expected, atol=0.03)
            total = found.base[0][o] + found.values[0][o].sum()
            assert total == pytest.approx(score(np.ones((1, 10)))[0, o], abs=1e-9)


def test_owen_divides_a_word_among_its_tokens():
    def units(kept, of):
        first, rest = kept[:, 1], kept[:, 2:4].sum(axis=1)
        return (first * (2.0 + kept[:, 4]) + 0.0 * rest)[:, None]

    players = words(2, 1, 1)
    given = played([lambda kept: kept[:, 0] * (2.0 + kept[:, 2])], [players], inner=units)
    found = shapley.attribute(given, shapley.Params(inner=8))
    np.testing.assert_allclose(found.values[0][0], [0, 2.5, 0, 0, 0.5, 0], atol=1e-9)
    equal = shapley.attribute(given, shapley.Params(inner=0))
    np.testing.assert_allclose(equal.values[0][0], [0, 1.25, 1.25, 0, 0.5, 0], atol=1e-9)


def test_the_control_has_the_scale_of_the_scores():
    given = played([lambda kept: 3 * kept[:, 0]] * 40, [words(*[1] * 20)] * 40)
    found = random_units.attribute(given, random_units.Params())
    squares = [np.square(values).sum() for values in found.values]
    assert np.mean(squares) == pytest.approx(9, rel=0.25)
