"""Masks and concept labels beside pictures: matched by name, told from classes, read as is."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.assets.test_images import RED, drawn, zipped  # noqa: F401 - a fixture
from xai.assets.images import read_images
from xai.errors import RefusedFile


def mask(box=(0, 0, 20, 15), size=(40, 30), level=255, mode="L"):
    picture = Image.new(mode, size, 0)
    picture.paste(level, box)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


CORNER = mask()


def lies(read, position, name):
    size = tuple(read.sizes[position])
    return read.annotations.mask(position, read.annotations.names.index(name), size)


def test_masks_of_one_concept_lie_in_a_folder_of_their_own(zipped):  # noqa: F811
    read = read_images(zipped(**{"cat/a.png": RED, "dog/b.png": RED, "masks/a.png": CORNER}))
    assert read.names == ("cat/a.png", "dog/b.png")
    assert read.labels == ("cat", "dog")
    assert read.annotations.names == ("mask",)
    assert read.annotations.present.tolist() == [[1], [0]]
    found = lies(read, 0, "mask")
    assert found.shape == (30, 40)
    assert found[:15, :20].all()
    assert found.sum() == 15 * 20
    assert not lies(read, 1, "mask").any()
    assert read.notes == ("1 concept named in the pictures: `mask`; 1 of them with masks.",)


def test_masks_of_several_concepts_lie_in_folders_of_their_names(zipped):  # noqa: F811
    read = read_images(
        zipped(**{
            "set/cat/1.png": RED, "set/dog/1.png": RED, "set/masks/ear/cat/1.png": CORNER,
            "set/masks/tail/dog/1.png": CORNER, "set/masks/tail/cat/1.png": CORNER,
            "set/masks/tail/cow/1.png": CORNER,
        })
    )  # fmt: skip
    assert read.annotations.names == ("ear", "tail")
    assert read.annotations.present.tolist() == [[1, 1], [0, 1]]
    assert read.annotations.has_masks == (True, True)
    assert "1 mask left out: no picture is called so." in read.notes


@pytest.mark.parametrize("level", [1, 128, 255])
def test_a_mask_is_what_is_brighter_than_half_of_its_brightest(zipped, level):  # noqa: F811
    read = read_images(zipped(**{"a/1.png": RED, "b/2.png": RED, "masks/1.png": mask(level=level)}))
    assert lies(read, 0, "mask").sum() == 300


def test_a_palette_counts_by_its_numbers(zipped):  # noqa: F811
    data = mask(level=1, mode="P")
    read = read_images(zipped(**{"a/1.png": RED, "b/2.png": RED, "masks/1.png": data}))
    assert lies(read, 0, "mask").sum() == 300


def test_a_smaller_mask_is_spread_over_its_picture(zipped):  # noqa: F811
    small = mask(box=(0, 0, 10, 8), size=(20, 15))
    read = read_images(zipped(**{"a/1.png": RED, "b/2.png": RED, "masks/1.png": small}))
    found = lies(read, 0, "mask")
    assert found[:16, :20].all()
    assert found.sum() == 320


def test_a_mask_of_other_proportions_is_refused(zipped):  # noqa: F811
    odd = mask(size=(40, 40))
    read = read_images(zipped(**{"a/1.png": RED, "b/2.png": RED, "masks/1.png": odd}))
    with pytest.raises(RefusedFile, match="40 × 40 pixels, and its picture 40 × 30"):
        lies(read, 0, "mask")


def test_a_damaged_mask_is_refused_in_a_sentence(zipped):  # noqa: F811
    cut = CORNER[:40] + b"\0" * 20
    read = read_images(zipped(**{"a/1.png": RED, "b/2.png": RED, "masks/1.png": cut}))
    with pytest.raises(RefusedFile, match="A mask of `mask`"):
        lies(read, 0, "mask")


def test_a_class_that_is_called_masks_stays_a_class(zipped):  # noqa: F811
    read = read_images(zipped(**{"masks/1.png": RED, "faces/1.png": RED, "faces/2.png": RED}))
    assert read.labels == ("faces", "faces", "masks")
    assert read.annotations is None
    other = read_images(zipped(**{"masks/8.png": CORNER, "faces/1.png": RED}))
    assert other.labels == ("faces", "masks")


def test_columns_of_zeros_and_ones_are_concepts(zipped):  # noqa: F811
    text = "path,label,ear,tail,age\na.png,cat,1,0,3\nb.png,dog,,true,4\n"
    read = read_images(zipped(**{"a.png": RED, "b.png": RED, "c.png": RED, "labels.csv": text}))
    assert read.labels == ("cat", "dog", "")
    assert read.annotations.names == ("ear", "tail")
    np.testing.assert_array_equal(read.annotations.present, [[1, 0], [np.nan, 1], [np.nan, np.nan]])
    assert read.annotations.has_masks == (False, False)


def test_a_list_of_concepts_is_no_list_of_labels_and_goes_before_the_masks(zipped):  # noqa: F811
    read = read_images(
        zipped(**{
            "cat/a.png": RED, "dog/b.png": RED, "masks/ear/a.png": CORNER,
            "concepts.csv": "path,ear,wild\ncat/a.png,0,1\ndog/b.png,1,0\n",
        })
    )  # fmt: skip
    assert read.labels == ("cat", "dog")
    assert read.annotations.names == ("ear", "wild")
    assert read.annotations.present.tolist() == [[0, 1], [1, 0]]
    assert read.annotations.has_masks == (True, False)


def test_a_list_of_concepts_without_paths_is_refused(zipped):  # noqa: F811
    with pytest.raises(RefusedFile, match="no column called path"):
        read_images(zipped(**{"cat/a.png": RED, "dog/b.png": RED, "concepts.csv": "x,ear\na,1\n"}))


def test_pictures_that_cannot_be_read_take_their_annotations_along(zipped):  # noqa: F811
    parts = {"a/1.png": b"no", "b/2.png": RED, "c/3.png": RED, "masks/2.png": CORNER}
    read = read_images(zipped(**parts))
    assert read.names == ("b/2.png", "c/3.png")
    assert lies(read, 0, "mask").sum() == 300
    assert not lies(read, 1, "mask").any()


def test_columns_of_parquet_are_masks_truths_and_names(tmp_path):
    table = pa.table({
        "mask_ear": pa.array([CORNER, None], pa.binary()),
        "image": pa.array([RED, drawn("blue")], pa.binary()),
        "label": ["cat", "dog"],
        "wild": [True, None],
        "concepts": [["tail", "paw"], ["tail"]],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "set.parquet")
    read = read_images(tmp_path / "set.parquet")
    assert read[0].getpixel((0, 0)) == (255, 0, 0)
    assert read.annotations.names == ("ear", "wild", "paw", "tail")
    np.testing.assert_array_equal(read.annotations.present, [[1, 1, 1, 1], [0, np.nan, 0, 1]])
    assert lies(read, 0, "ear").sum() == 300
    assert read.annotations.has_masks == (True, False, False, False)
