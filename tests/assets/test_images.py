from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.shared import FOLDER, needs_shared
from xai.assets import images, picture
from xai.assets.labels import label_codes
from xai.assets.packing import pack
from xai.assets.sniff import sniff
from xai.errors import RefusedFile
from xai.workbench.inspect import inspect_dataset


def drawn(colour="red", size=(40, 30), form="PNG", mode="RGB", **how):
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, form, **how)
    return buffer.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return drawn(form="JPEG", exif=exif)


RED, BLUE = drawn(), drawn("blue", form="JPEG", quality=95)


@pytest.fixture
def zipped(tmp_path):
    def write(**parts):
        path = tmp_path / "pictures.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return path

    return write


def test_folders_are_classes(zipped):
    path = zipped(**{"set/cat/1.png": RED, "set/dog/2.jpg": BLUE, "set/readme.txt": b"hi"})
    assert sniff(path) == "images"
    read = images.read_images(path)
    assert read.names == ("cat/1.png", "dog/2.jpg")
    assert read.labels == ("cat", "dog")
    assert read.sizes.tolist() == [[40, 30], [40, 30]]
    assert read[0].mode == "RGB"
    assert read[0].getpixel((0, 0)) == (255, 0, 0)
    assert read.notes == ("Left out 1 file that is no picture.",)


def test_pictures_in_one_folder_have_no_labels(zipped):
    assert images.read_images(zipped(**{"photos/1.png": RED, "photos/2.png": RED})).labels is None
    assert images.read_images(zipped(**{"1.png": RED, "2.png": RED})).labels is None


@pytest.mark.parametrize(
    "rows",
    ["path,label\na/1.png,cat\na/2.jpg,dog\n", "File_Name;x\n", "label,path\ncat,1.png\ndog,2.jpg"],
)
def test_a_list_gives_labels(zipped, rows):
    path = zipped(**{"a/1.png": RED, "a/2.jpg": BLUE, "labels.csv": rows})
    if "label" not in rows:
        with pytest.raises(RefusedFile, match="no columns called path and label"):
            images.read_images(path)
        return
    assert images.read_images(path).labels == ("cat", "dog")


def test_a_list_that_misses_pictures_is_told(zipped):
    rows = "path,label\n1.png,cat\n"
    read = images.read_images(zipped(**{"1.png": RED, "2.png": RED, "labels.csv": rows}))
    assert read.labels == ("cat", "")
    assert any("1 picture without a label" in note for note in read.notes)
    with pytest.raises(RefusedFile, match="names none of the pictures"):
        images.read_images(zipped(**{"2.png": RED, "labels.csv": rows}))


def test_labels_are_paired_with_the_outputs_of_a_model(zipped):
    read = images.read_images(zipped(**{"cat/1.png": RED, "dog/2.png": RED, "owl/3.png": RED}))
    codes = label_codes(read.table, "label", ("dog", "cat"), "classification")
    np.testing.assert_array_equal(codes, [1, 0, np.nan])


def test_one_of_several_names_of_a_class_is_enough(zipped):
    read = images.read_images(zipped(**{"emmet/1.png": RED, "crane/2.png": RED, "owl/3.png": RED}))
    outputs = ("ant, emmet", "crane, bird", "crane, machine", "owl")
    codes = label_codes(read.table, "label", outputs, "classification")
    np.testing.assert_array_equal(codes, [np.nan, 0, 3])


def test_a_picture_stands_upright(zipped):
    read = images.read_images(zipped(**{"1.jpg": turned()}))
    assert read.sizes.tolist() == [[30, 40]]
    assert read[0].size == (30, 40)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "LA"])
def test_every_usual_mode_becomes_red_green_blue(mode):
    assert picture.decode(drawn(0, mode=mode)).mode == "RGB"


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert picture.decode(buffer.getvalue()).getpixel((0, 0)) == (255, 0, 0)


BAD = {
    "cut.png": (RED[:-20], "cut short"),
    "cut.jpg": (BLUE[: len(BLUE) // 2], "cut short"),
    "text.png": (b"not a picture", "is no PNG"),
    "gif.png": (drawn(form="GIF"), "is no PNG"),
    "tiny.png": (drawn(size=(1, 1)), "has 1 × 1 pixels"),
    "deep.png": (drawn(0, mode="I;16"), "more than 8 bits"),
    "empty.png": (b"", "is no PNG"),
}


def test_bad_pictures_are_left_out_and_named(zipped):
    path = zipped(**{name: content for name, (content, _) in BAD.items()}, **{"good.png": RED})
    read = images.read_images(path)
    assert read.names == ("good.png",)
    reasons = dict(read.bad)
    assert set(reasons) == set(BAD)
    for name, (_, told) in BAD.items():
        assert told in reasons[name]
    assert any("Left out 7 pictures" in note and "2 more" in note for note in read.notes)


def test_a_set_of_bad_pictures_only_is_refused(zipped):
    with pytest.raises(RefusedFile, match=r"can be read: `cut\.png` is cut"):
        images.read_images(zipped(**{"cut.png": BAD["cut.png"][0]}))


def test_damage_inside_is_told_with_the_name(zipped):
    broken = bytearray(RED)
    broken[45:60] = bytes(15)
    read = images.read_images(zipped(**{"a.png": bytes(broken), "b.png": RED}))
    with pytest.raises(RefusedFile, match=r"`a\.png` is damaged"):
        read[0]


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(picture, "MOST_PIXELS", 1_000)
    for size in ((40, 30), (100, 100)):
        with pytest.raises(picture.BadPicture, match="more than 0 million"):
            picture.look(drawn(size=size))


@pytest.mark.parametrize("plain", [True, False])
def test_pictures_are_read_from_parquet(tmp_path, plain):
    path = tmp_path / "pictures.parquet"
    cells = [RED, BLUE, None]
    image = cells if plain else [{"bytes": c, "path": f"{i}.png"} for i, c in enumerate(cells)]
    table = pa.table({"image": image, "label": [1, 0, 1]})
    named = {"info": {"features": {"label": {"names": ["cat", "dog"]}}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(named)})
    pq.write_table(table, path)
    assert images.is_images(path, sniff(path))
    read = images.read_images(path)
    assert read.names == (("row 0", "row 1") if plain else ("0.png", "1.png"))
    assert read.labels == ("dog", "cat")
    assert len(read.bad) == 1


def test_a_table_is_no_set_of_pictures(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(RefusedFile, match="pictures are asked for"):
        images.read_images(path)


def test_facts_of_pictures(zipped):
    path = zipped(**{"cat/1.png": RED, "dog/2.jpg": BLUE, "dog/3.png": drawn(size=(9, 8))})
    facts = inspect_dataset({"path": str(path)}, lambda done, total: None)
    assert (facts["kind"], facts["format"], facts["rows"]) == ("images", "images", 3)
    assert facts["columns"][0]["balance"] == [["dog", 2], ["cat", 1]]
    assert (facts["smallest"], facts["largest"]) == ([9, 8], [40, 30])
    assert facts["formats"] == {"PNG": 2, "JPEG": 1}
    json.dumps(facts)


@pytest.mark.parametrize("name", ["../../etc/1.png", "/abs/1.png", "a\\..\\1.png"])
def test_a_path_out_of_the_archive_is_only_a_name(zipped, name, tmp_path):
    read = images.read_images(zipped(**{name: RED}))
    assert read[0].size == (40, 30)
    assert [found.name for found in tmp_path.iterdir()] == ["pictures.zip"]


@pytest.mark.parametrize(("count", "told"), [(0, "is no model"), (3, "at most 2 are read")])
def test_counts_are_kept(zipped, monkeypatch, count, told):
    monkeypatch.setattr("xai.assets.image_files.MOST_PICTURES", 2)
    path = zipped(readme=b"x", **{f"{i}.png": RED for i in range(count)})
    with pytest.raises(RefusedFile, match=told):
        images.read_images(path)


@needs_shared
def test_hostile_pictures_in_a_set_do_not_harm_it(tmp_path):
    source = tmp_path / "set"
    source.mkdir()
    (source / "good.png").write_bytes(RED)
    for path in (FOLDER / "hostile").glob("*.png"):
        (source / path.name).write_bytes(path.read_bytes())
    read = images.read_images(pack(source, tmp_path / "set.zip"))
    assert "good.png" in read.names
    assert {"bomb_30000x30000.png", "one_pixel.png", "svg_script.png", "truncated.png"} <= {
        name for name, _ in read.bad
    }


@needs_shared
def test_real_pictures_are_read_with_their_labels(tmp_path):
    source = FOLDER / "images" / "concepts"
    path = tmp_path / "concepts.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for found in sorted(source.rglob("*.jpg"))[::20]:
            archive.write(found, found.relative_to(source).as_posix())
    read = images.read_images(path)
    assert set(read.labels) == {"ant", "daisy"}
    assert not read.bad
    assert read[0].mode == "RGB"
