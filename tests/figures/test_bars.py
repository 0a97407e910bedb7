from __future__ import annotations

import numpy as np
import pytest

from xai.figures.bars import LEAST, Scale, draw, scale_of


def test_a_signed_scale_has_zero_in_the_middle():
    scale = scale_of([np.array([1.0, -4.0]), np.array([2.0, np.nan])], signed=True)
    assert scale == Scale(-4.0, 4.0)


def test_an_unsigned_scale_begins_at_zero():
    assert scale_of([np.array([1.0, 3.0])], signed=False) == Scale(0.0, 3.0)


@pytest.mark.parametrize("values", [[], [np.array([0.0, np.nan])], [np.zeros(0)]])
def test_a_scale_of_nothing_is_still_a_scale(values):
    assert scale_of(values, signed=True) == Scale(-1.0, 1.0)


def test_bars_start_at_zero_on_the_side_of_their_sign():
    scale = Scale(-2.0, 2.0)
    up, down = draw(1.0, scale, signed=True), draw(-1.0, scale, signed=True)
    assert (up.start, up.width, up.sign) == (50.0, 25.0, "raises")
    assert (down.start, down.width, down.sign) == (25.0, 25.0, "lowers")


def test_a_small_value_is_never_drawn_as_nothing():
    bar = draw(-1e-9, Scale(-1.0, 1.0), signed=True)
    assert bar.width == LEAST
    assert bar.start == 50.0 - LEAST


def test_whiskers_are_kept_inside_and_marked():
    bar = draw(0.9, Scale(-1.0, 1.0), signed=True, low=0.6, high=1.2)
    assert (bar.low, bar.high, bar.clipped) == (80.0, 100.0, True)


def test_no_value_has_no_bar():
    assert draw(float("nan"), Scale(0.0, 1.0), signed=False) is None


def test_a_value_without_a_sign_has_the_colour_of_a_size():
    assert draw(1.0, Scale(0.0, 1.0), signed=False).sign == "size"
