from __future__ import annotations

import numpy as np
import pytest

from xai.assets.rows import choose
from xai.errors import InvalidParameter


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ("all", [0, 1, 2, 3, 4]),
        ("first:3", [0, 1, 2]),
        ("first:100", [0, 1, 2, 3, 4]),
        ("1:3", [1, 2]),
        ("3:100", [3, 4]),
        ("3,0, 3,1", [3, 0, 1]),
        ("4", [4]),
        (" ALL ", [0, 1, 2, 3, 4]),
        ("sample:9", [0, 1, 2, 3, 4]),
    ],
)
def test_rows_are_chosen_as_written(rows, chosen):
    positions = choose(rows, 5)
    assert positions.tolist() == chosen
    assert positions.dtype == np.int64


def test_a_sample_depends_on_the_seed_alone():
    sample = choose("sample:50", 1000, seed=3)
    assert len(set(sample.tolist())) == 50
    assert (np.diff(sample) > 0).all()
    np.testing.assert_array_equal(sample, choose("sample:50", 1000, seed=3))
    assert not np.array_equal(sample, choose("sample:50", 1000, seed=4))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "Rows cannot be chosen"),
        ("last:5", 'Write "all"'),
        ("-1", "Rows cannot be chosen"),
        ("1.5", "Rows cannot be chosen"),
        ("first:0", "at least one row"),
        ("sample:0", "at least one row"),
        ("3:3", "holds no row"),
        ("5:9", "rows 0 to 4"),
        ("0,5", "no row 5"),
        ("9" * 300, "Rows cannot be chosen"),
    ],
)
def test_other_texts_are_refused_with_the_forms(rows, told):
    with pytest.raises(InvalidParameter, match=told):
        choose(rows, 5)
