"""The parts of a Hugging Face folder: weights, tokenizer, labels, preparation of pictures."""

from __future__ import annotations

import json
import struct
import zipfile

import pytest

from tests.assets import folders
from xai.assets import folder, folder_config, folder_weights
from xai.errors import RefusedFile, XaiError

pytest.importorskip("transformers")


def test_a_harmless_chat_template_is_dropped_and_told(changed, tmp_path):
    settings = {"chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}"}
    model = folder.unpack(changed(**{"tokenizer_config.json": settings}), tmp_path)
    assert any("chat template" in note for note in model.notes)
    assert folder.load_tokenizer(model).chat_template is None


def test_weights_that_are_not_finite_are_refused(tmp_path):
    from safetensors.torch import load, save

    path = folders.tiny_text_classifier(tmp_path / "one.zip")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = load(parts["model.safetensors"])
    weights["classifier.bias"][0] = float("nan")
    parts["model.safetensors"] = save(weights)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(RefusedFile, match=r"`classifier\.bias` hold NaN"):
        folder.load_network(folder.unpack(tmp_path / "two.zip", tmp_path))


def header(**tensors):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x80\x04cos\nsystem\n.", "longer than the file"),
        (struct.pack("<Q", 2**63) + b"{}", "longer than the file"),
        (header(w={"dtype": "F32", "shape": [2**42], "data_offsets": [0, 4]}), "does not fit"),
        (header(w={"dtype": "F32", "shape": [2**62, 8], "data_offsets": [0, 16]}), "no sense"),
        (header(w={"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}), "no sense"),
        (header(w={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}), "do not agree"),
        (header(w={"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}) + b"0", "16 or 32"),
        (header(a={"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                b={"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}) + b"0" * 12, "overlap"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_refused(content, told, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(RefusedFile, match=told):
        folder_weights.shapes_in(path, path.name)


def test_a_tokenizer_with_more_tokens_than_the_network_is_refused(changed, tmp_path):
    with zipfile.ZipFile(changed()) as archive:
        tokens = json.loads(archive.read("tokenizer.json"))
    tokens["model"]["vocab"]["surplus"] = 999
    model = folder.unpack(changed(**{"tokenizer.json": tokens}), tmp_path)
    with pytest.raises(RefusedFile, match="up to 999"):
        folder.load_tokenizer(model)


def split_by(pattern, changed):
    """Return the classifier's zip with a tokenizer that splits by a pattern."""
    with zipfile.ZipFile(changed()) as archive:
        tokens = json.loads(archive.read("tokenizer.json"))
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
    tokens["pre_tokenizer"] = split | {"invert": False}
    return changed(**{"tokenizer.json": tokens})


@pytest.mark.parametrize("pattern", ["(a+)+$", "(x+x+)+y", r"(\s+)+$"])
def test_a_tokenizer_with_an_endless_pattern_is_refused(changed, pattern, tmp_path):
    model = folder.unpack(split_by(pattern, changed), tmp_path)
    with pytest.raises(RefusedFile, match="gave up on a text"):
        folder.load_tokenizer(model)


def test_a_pattern_that_is_endless_on_one_text_says_so_there(changed, tmp_path):
    tokenizer = folder.load_tokenizer(folder.unpack(split_by("(b+)+$", changed), tmp_path))
    for given in ("b" * 60 + "!", ["good", "b" * 60 + "!"]):
        with pytest.raises(XaiError, match="gave up on a text"):
            tokenizer(given)
    assert tokenizer("good")["input_ids"]


def test_a_damaged_tokenizer_is_refused(changed, tmp_path):
    for content in (b'{"model": {', b'{"version": "1.0", "model": {"type": "Evil"}}'):
        model = folder.unpack(changed(**{"tokenizer.json": content}), tmp_path / str(len(content)))
        with pytest.raises(RefusedFile, match=r"JSON|tokenizer\.json cannot be read"):
            folder.load_tokenizer(model)


def test_labels_of_one_name_are_told_apart():
    given = {"id2label": {"0": "crane", "1": "crane", "2": "owl"}}
    assert folder_config.labels(given) == ("crane", "crane (1)", "owl")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": {"height": 9_999, "width": 9_999}}, "at most 2048 a side"),
        ({"auto_map": {"AutoImageProcessor": "x.Y"}}, "`x.Y`"),
        ({"image_mean": [1, 2]}, "no way to prepare pictures"),
        ({"image_std": [0, 0, 0]}, "no way to prepare pictures"),
        ({"image_processor_type": "EvilImageProcessor"}, "no way to prepare pictures"),
    ],
)
def test_a_preparation_out_of_bounds_is_refused(change, told, tmp_path):
    path = folders.tiny_image_classifier(tmp_path / "one.zip")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    given = json.loads(parts["preprocessor_config.json"]) | change
    parts["preprocessor_config.json"] = json.dumps(given).encode()
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(RefusedFile, match=told):
        folder.load_processor(folder.unpack(tmp_path / "two.zip", tmp_path))
