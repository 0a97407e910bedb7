"""Hugging Face models through the first look at an upload, in the jail and beside it."""

from __future__ import annotations

import tempfile

import pytest

from tests.assets import folders
from tests.shared import FOLDER, needs_shared
from xai.assets.packing import pack
from xai.errors import RefusedFile, XaiError
from xai.runner.session import inspect
from xai.workbench.inspect import inspect_model

pytest.importorskip("transformers")
ALWAYS = {"gradient", "probability", "layers"}


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    """Unpack into the test's folder, as a child unpacks into its room."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("xai.workbench.networks.TRIAL_SECONDS", 1e-9)


def look(path):
    return inspect_model({"path": str(path)}, lambda done, total: None)


def test_a_text_classifier_tells_what_it_offers(tmp_path):
    facts = look(folders.tiny_text_classifier(tmp_path / "m.zip"))
    assert facts["kind"] == "text-classification"
    assert facts["problem"] == "classification"
    assert facts["outputs"] == ["negative", "positive"]
    assert set(facts["capabilities"]) == ALWAYS | {"attention"}
    assert facts["max_tokens"] == 128
    assert [entry["rows"] for entry in facts["speed"]] == [1, 8, 32]
    assert all(entry["per_second"] > 0 for entry in facts["speed"])


def test_a_language_model_generates(tmp_path):
    facts = look(folders.tiny_language_model(tmp_path / "m.zip"))
    assert (facts["kind"], facts["problem"]) == ("text-generation", "generation")
    assert set(facts["capabilities"]) == ALWAYS | {"attention", "generates"}
    assert facts["output"] == "logprob"
    assert facts["vocabulary"] == 3 + len(folders.WORDS)


@pytest.mark.parametrize(("kind", "more"), [("vit", "attention"), ("mobilenet", "convolution")])
def test_an_image_classifier_tells_its_size(kind, more, tmp_path):
    facts = look(folders.tiny_image_classifier(tmp_path / "m.zip", kind))
    assert facts["kind"] == "image-classification"
    assert facts["image_size"] == [folders.SIDE, folders.SIDE]
    assert set(facts["capabilities"]) == ALWAYS | {more}
    assert facts["outputs"] == list(folders.CLASSES)


def test_a_transformer_that_averages_its_patches_offers_no_attention():
    import torch

    from tests.workbench.test_picture_gradients import pooled
    from xai.workbench.networks import _capabilities

    pixels = {"pixel_values": torch.randn(2, 3, 32, 32)}
    assert "attention" not in _capabilities(pooled(), pixels, "image-classification")


def test_a_masked_model_is_of_its_own_kind(tmp_path):
    assert look(folders.tiny_masked_model(tmp_path / "m.zip"))["kind"] == "fill-mask"


def test_a_model_of_more_places_than_it_knows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("xai.workbench.networks.TOKENS", 500)
    monkeypatch.setattr("xai.assets.folder_tokenizer.longest", lambda config, settings: 500)
    with pytest.raises(RefusedFile, match="fails on inputs"):
        look(folders.tiny_text_classifier(tmp_path / "m.zip"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [folders.tiny_text_classifier, folders.tiny_language_model, folders.tiny_image_classifier],
)
def test_the_jail_leaves_room_for_a_network(make, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    facts = inspect(make(tmp_path / "m.zip"), "m.zip", "model", scratch)
    assert facts["parameters"] > 1_000
    assert not list(scratch.rglob("*.safetensors"))


# One of each kind; opening a child takes seconds.
MODELS = ("minilm-sst2", "stories260K-llama", "mobilenet_v1_0.25_128")
HOSTILE = (
    "hf_remote_code", "hf_regex_tokenizer", "hf_index_traversal", "hf_bad_tokenizer",
    "hf_huge_config", "hf_jinja", "hf_xss_labels",
)  # fmt: skip


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_real_network_is_opened_in_the_jail(name, tmp_path):
    path, scratch = pack(FOLDER / "models" / name, tmp_path / "m.zip"), tmp_path / "scratch"
    scratch.mkdir()
    assert "layers" in inspect(path, "m.zip", "model", scratch)["capabilities"]


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_in_the_jail(name, tmp_path, monkeypatch):
    path, scratch = pack(FOLDER / "hostile" / name, tmp_path / "m.zip"), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(XaiError) as error:
        inspect(path, "m.zip", "model", scratch)
    assert isinstance(error.value, RefusedFile)
    assert "\n" not in str(error.value)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["m.zip", "scratch"]
