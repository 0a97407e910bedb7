"""Parts of a picture: squares of a grid, or superpixels that follow its edges.

Source of the superpixels: Achanta et al., SLIC Superpixels, IEEE TPAMI 2012, by scikit-image.
"""

from __future__ import annotations

import math

import numpy as np

from xai.vocabulary import Floats, Integers

GRID, SUPERPIXELS = "grid", "superpixels"
COMPACTNESS = 10.0


def segment(colours: Floats, shape: tuple[int, int], parts: int, how: str) -> Integers:
    """Return the part of every unit, shape (units,), numbered from 0.

    Parameters
    ----------
    colours : array of shape (height, width, 3), 0 to 1
    shape : (rows, columns) of units
    parts : int
        How many are wanted; a grid has the nearest square number, superpixels may be fewer.
    """
    if how == GRID:
        return grid(shape, max(1, round(math.sqrt(parts))))
    from skimage.segmentation import slic  # noqa: PLC0415 - only where it is asked for
    from skimage.transform import resize  # noqa: PLC0415

    small = resize(colours, shape, anti_aliasing=True)
    found = slic(small, n_segments=parts, compactness=COMPACTNESS, start_label=0)
    _, numbered = np.unique(found, return_inverse=True)
    return np.asarray(numbered.ravel(), dtype=np.int64)


def grid(shape: tuple[int, int], side: int) -> Integers:
    """Return the square of every unit in a grid of `side` by `side`."""
    rows, columns = (np.arange(length) * min(side, length) // length for length in shape)
    wide = min(side, shape[1])
    return np.asarray((rows[:, None] * wide + columns[None, :]).ravel(), dtype=np.int64)
