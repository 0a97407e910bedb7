"""Where crops lie, and that they are what torch would cut."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from xai.methods.concepts.crops import around, boxes, cut_out


def test_the_crops_cover_the_image():
    for size in ((224, 224), (97, 160), (30, 31)):
        seen = np.zeros(size, dtype=bool)
        for box in boxes(size, 0.286):
            seen[box.y : box.y + box.height, box.x : box.x + box.width] = True
        assert seen.all()


def test_there_are_sixteen_at_the_usual_size_as_in_the_released_code():
    assert len(boxes((224, 224), 0.286)) == 16
    released = boxes((224, 224), 64 / 224, parity=True)
    assert [box.x for box in released[:4]] == [0, 51, 102, 153]


def test_the_released_grid_is_that_of_unfold():
    image = torch.rand(2, 3, 224, 224)
    folded = functional.unfold(image, 64, stride=51).reshape(2, 3, 64, 64, 16)
    where = boxes((224, 224), 64 / 224, parity=True)
    expected = functional.interpolate(folded[1, ..., 6][None], (224, 224), mode="bilinear")
    np.testing.assert_array_equal(cut_out(image, where)[16 + 6], expected[0])


def test_channels_last_is_cut_alike():
    image, where = torch.rand(2, 3, 20, 24), boxes((20, 24), 0.5)
    turned = cut_out(image.permute(0, 2, 3, 1), where, is_channels_last=True)
    np.testing.assert_allclose(turned.permute(0, 3, 1, 2), cut_out(image, where))


def test_a_box_around_a_corner_stays_inside():
    box = around((0, 6), (7, 7), (224, 224), 64)
    assert (box.y, box.x, box.width, box.height) == (0, 160, 64, 64)
