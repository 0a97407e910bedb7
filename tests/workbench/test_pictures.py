"""Pictures cut into parts, masked and put back: sums kept, labels found, sizes of any kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.methods.scenes import SIDE, scene
from xai.workbench.pictures import codes
from xai.workbench.segments import GRID, SUPERPIXELS, grid, segment


def test_a_grid_numbers_its_squares_row_by_row():
    assert grid((4, 4), 2).tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]


def test_a_grid_is_never_finer_than_the_units():
    assert set(grid((3, 3), 10).tolist()) == set(range(9))


@pytest.mark.parametrize("how", [GRID, SUPERPIXELS])
def test_parts_are_numbered_without_gaps(how):
    colours = np.random.default_rng(0).random((32, 32, 3))
    found = segment(colours, (16, 16), 9, how)
    assert found.shape == (256,)
    assert set(found.tolist()) == set(range(found.max() + 1))


def test_everything_kept_is_the_picture_and_nothing_kept_the_baseline():
    found = scene()
    kept = np.array([[True] * 16, [False] * 16])
    scores = found.score(kept, np.array([0, 0]))[:, 0]
    whole = torch.softmax(found.network(found.inputs[:1]).logits, 1)[0, 1].item()
    empty = torch.softmax(found.network(found.baselines[:1]).logits, 1)[0, 1].item()
    np.testing.assert_allclose(scores, [whole, empty], rtol=1e-6)


@pytest.mark.parametrize("units", [4, 5, 16])
def test_sums_over_units_keep_the_total(units):
    found = scene(units=units)
    values = torch.rand(2, 3, SIDE, SIDE, dtype=torch.float64)
    reduced = found.reduce(values, np.arange(2))
    assert [len(part) for part in reduced] == [units * units] * 2
    np.testing.assert_allclose([part.sum() for part in reduced], values.sum(dim=(1, 2, 3)))


def test_spreading_and_summing_meet_at_the_same_units():
    found = scene(units=5)
    masks = torch.eye(25).reshape(25, 5, 5)
    pixels = found.spread(masks)
    for unit in range(25):
        reduced = found.reduce(pixels[unit][None, None], np.zeros(1, int))[0]
        assert np.flatnonzero(reduced).tolist() == [unit]


OUTPUTS = (
    "background",
    "tench, Tinca tinca",
    "ant, emmet, pismire",
    "daisy",
    "crane",
    "Crane, bird",
)


def test_a_label_may_be_any_single_name_of_a_class():
    found, notes = codes(("Ant", "daisy", "tinca TINCA", ""), OUTPUTS)
    assert found[:3].tolist() == [2, 3, 1]
    assert np.isnan(found[3])
    assert notes == []


def test_a_label_without_a_class_is_said_so():
    found, notes = codes(("ant", "rocket"), OUTPUTS)
    assert np.isnan(found[1])
    assert "“rocket”" in notes[0]


def test_labels_that_name_no_class_at_all_are_no_labels():
    found, notes = codes(("x", "y"), OUTPUTS)
    assert found is None
    assert "None of the labels" in notes[0]
