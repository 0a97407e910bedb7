from __future__ import annotations

import numpy as np
import pytest

from xai.errors import XaiError
from xai.runner.parts import keep_part, read_part

REPLY = {
    "arrays": ["rows", "targets", "values"],
    "names": ["a", "b"],
    "evaluations": 6,
    "seconds": 0.5,
}


def made(folder, **changes):
    folder.mkdir()
    arrays = {
        "rows": np.arange(3),
        "targets": np.zeros(3, dtype=np.int64),
        "values": np.ones((3, 2)),
    }
    for name, array in (arrays | changes).items():
        np.save(folder / f"{name}.npy", array)
    return folder


def test_a_good_part_is_kept_whole(tmp_path):
    totals = keep_part(REPLY, made(tmp_path / "made"), tmp_path / "results" / "0")
    reply, arrays = read_part(tmp_path / "results" / "0")
    assert totals == {"evaluations": 6, "seconds": 0.5}
    assert reply == REPLY
    np.testing.assert_array_equal(arrays["values"], np.ones((3, 2)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"values": np.ones((3, 3))}, "3 units, not 2"),
        ({"values": np.ones((2, 2))}, "has shape"),
        ({"values": np.full((3, 2), np.nan)}, "NaN or infinity"),
        ({"targets": np.zeros(4)}, "has shape"),
        ({"values": np.array([["x", "y"]] * 3)}, "not made of numbers"),
    ],
)
def test_a_wrong_part_is_refused_and_nothing_is_written(tmp_path, changes, sentence):
    with pytest.raises(XaiError, match=sentence):
        keep_part(REPLY, made(tmp_path / "made", **changes), tmp_path / "results" / "0")
    assert not (tmp_path / "results").exists() or not any((tmp_path / "results").iterdir())


def test_a_pickled_array_is_never_opened(tmp_path):
    folder = made(tmp_path / "made")
    np.save(folder / "values.npy", np.array([object()] * 3), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        keep_part(REPLY, folder, tmp_path / "0")


def test_a_link_out_of_the_scratch_folder_is_not_followed(tmp_path):
    folder = made(tmp_path / "made")
    np.save(tmp_path / "secret.npy", np.ones((3, 2)))
    (folder / "values.npy").unlink()
    (folder / "values.npy").symlink_to(tmp_path / "secret.npy")
    with pytest.raises(XaiError, match="ended without the result 'values'"):
        keep_part(REPLY, folder, tmp_path / "0")


def test_a_name_that_is_a_path_is_refused(tmp_path):
    reply = REPLY | {"arrays": ["../../etc/passwd"]}
    with pytest.raises(XaiError, match="not a name"):
        keep_part(reply, made(tmp_path / "made"), tmp_path / "0")
