from __future__ import annotations

import json
import os
import zipfile

import pytest

from tests.assets import folders
from tests.shared import FOLDER, needs_shared
from xai.assets import folder, packing
from xai.assets.sniff import expect, sniff
from xai.errors import RefusedFile

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")


def opened(path, scratch):
    """Open a model as the first look at an upload does."""
    expect(sniff(path), "model")
    return folder.unpack(path, scratch)


@pytest.mark.parametrize(
    ("make", "task", "outputs"),
    [
        (folders.tiny_text_classifier, "text-classification", folders.LABELS),
        (folders.tiny_language_model, "text-generation", ()),
        (folders.tiny_masked_model, "fill-mask", ()),
    ],
)
def test_a_text_model_is_opened(make, task, outputs, tmp_path):
    path = make(tmp_path / "model.zip")
    assert sniff(path) == f"hf-{task}"
    model = folder.unpack(path, tmp_path)
    assert (model.task, model.outputs) == (task, outputs)
    network, tokenizer = folder.load_network(model), folder.load_tokenizer(model)
    answer = network(**tokenizer(["a good film", "no"], padding=True, return_tensors="pt"))
    assert torch.isfinite(answer.logits).all()
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert not any(weight.requires_grad for weight in network.parameters())
    assert not network.training
    assert network.config._attn_implementation == "eager"


@pytest.mark.parametrize("kind", ["vit", "mobilenet"])
def test_an_image_classifier_is_opened(kind, tmp_path):
    from PIL import Image

    path = folders.tiny_image_classifier(tmp_path / "model.zip", kind)
    assert sniff(path) == "hf-image-classification"
    model = folder.unpack(path, tmp_path)
    processor = folder.load_processor(model)
    pixels = processor(Image.new("RGB", (50, 40), "red"), return_tensors="pt")["pixel_values"]
    assert pixels.shape == (1, 3, folders.SIDE, folders.SIDE)
    assert pixels[0, 0].eq(1).all()
    assert pixels[0, 1].eq(-1).all()
    assert folder.load_network(model)(pixels).logits.shape == (1, 3)


def test_the_answers_are_those_of_the_saved_network(classifier, tmp_path):
    saved = tmp_path / "saved"
    with zipfile.ZipFile(classifier) as archive:
        archive.extractall(saved)
    plain = transformers.BertForSequenceClassification.from_pretrained(saved).eval()
    model = folder.unpack(classifier, tmp_path)
    tokens = folder.load_tokenizer(model)("the film is not good .", return_tensors="pt")
    torch.testing.assert_close(folder.load_network(model)(**tokens).logits, plain(**tokens).logits)


def test_a_folder_is_unpacked_once(classifier, tmp_path):
    assert folder.unpack(classifier, tmp_path) is folder.unpack(classifier, tmp_path)


def test_one_top_folder_and_what_systems_leave_there_do_not_matter(changed, tmp_path):
    path = changed("my model/", **{"README.md": b"# Hi", ".DS_Store": b"x", "merges.txt": b""})
    assert folder.unpack(path, tmp_path).task == "text-classification"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"modeling_x.py": b"open('/tmp/x')"}, "code of its own .`modeling_x.py`"),
        ({"pytorch_model.bin": b"x"}, "`pytorch_model.bin`, which can run code"),
        ({"training_args.bin": b"x"}, "can run code"),
        ({"chat_template.jinja": b"{% for %}"}, "`chat_template.jinja`, a template with code"),
        ({"tf_model.h5": b"x"}, "weights of another program"),
        ({"adapter_config.json": {}}, "adapter"),
        ({"sentencepiece.bpe.model": b"x"}, "old form of tokenizer"),
        ({"deep/config.json": {}}, "outside the model's one folder"),
        ({"strange.dat": b""}, "`strange.dat`, which is no file"),
        ({"../config.json": {}}, "outside"),
        ({"CONFIG.JSON": {}}, "one name twice"),
        ({"config.json": None}, "no config.json"),
        ({"config.json": b"[1]"}, "must hold an object"),
        ({"config.json": b"{"}, "not valid JSON"),
        ({"config.json": {}}, "does not name the architecture"),
        ({"config.json": {"architectures": ["BertForTokenClassification"]}}, "Explained are"),
        ({"model.safetensors": None}, "no model.safetensors"),
        ({"model.safetensors": None, "model-00001-of-00002.safetensors": b""}, "without its index"),
        ({"tokenizer.json": None}, "no tokenizer.json"),
        ({"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["x.Y", None]}}}, "`x.Y`"),
        ({"tokenizer_config.json": {"chat_template": "{{ ''.__class__ }}"}}, "`chat_template`"),
        ({"tokenizer_config.json": {"chat_template": "{% for a in range(99999) %}"}}, "template"),
    ],
)  # fmt: skip
def test_what_does_not_belong_there_is_refused_by_name(changed, files, told, tmp_path):
    path = changed(**files)
    with pytest.raises(RefusedFile, match=told) as error:
        opened(path, tmp_path)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auto_map": {"AutoModel": "x.Model"}}, "`x.Model` in config.json"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"model_type": "evil"}, "model type is `evil`"),
        ({"model_type": {}}, "model type is `{}`"),
        ({"model_type": "roberta"}, "no architecture of the model type `roberta`"),
        ({"num_hidden_layers": 10_000}, "10,000 layers"),
        ({"num_hidden_layers": 3}, "the weights hold"),
        ({"hidden_size": 1_000_000, "vocab_size": 10**9}, "million parameters"),
        ({"hidden_size": 64}, "have the shape"),
        ({"hidden_size": "evil"}, "does not describe a network"),
        ({"hidden_size": -1}, "cannot be built|does not describe"),
        ({"hidden_act": "evil"}, "cannot be built|does not describe"),
        ({"vocab_size": 10}, "have the shape"),
        ({"id2label": {"0": "a", "2": "b"}}, "without a gap"),
        ({"id2label": {"0": "only"}}, "1 labels"),
        ({"problem_type": "multi_label_classification"}, "one label out of several"),
        ({"problem_type": "regression"}, "one label out of several"),
    ],
)
def test_a_configuration_out_of_bounds_is_refused(changed, config, change, told, tmp_path):
    path = changed(**{"config.json": config | change})
    with pytest.raises(RefusedFile, match=told):
        folder.load_network(folder.unpack(path, tmp_path))


def test_the_configuration_is_written_anew(changed, config, tmp_path):
    wild = {
        "_attn_implementation": "evil/kernel",
        "_attn_implementation_internal": "evil/kernel",
        "_experts_implementation": "evil",
        "attn_implementation": "evil/kernel",
        "_name_or_path": "../../../etc/passwd",
        "custom_pipelines": {"x": {"impl": "y.Z"}},
        "trust_remote_code": True,
        "use_timm_backbone": True,
        "per_layer_config": {"0": {"hidden_size": 1}},
        "id2label": {"0": "<script>alert(1)</script>", "1": "a\x00b"},
    }
    model = folder.unpack(changed(**{"config.json": config | wild}), tmp_path)
    written = json.loads((model.path / "config.json").read_text())
    assert set(written) & set(wild) == {"id2label"}
    assert model.outputs == ("<script>alert(1)</script>", "a b")
    network = folder.load_network(model)
    assert network.config._attn_implementation == "eager"


def test_an_index_may_point_at_its_own_folder_only(changed, tmp_path):
    for wild in ("../../x/model.safetensors", "/etc/passwd", "model.bin", ["model.safetensors"]):
        index = {"weight_map": {"w": wild}}
        path = changed(**{"model.safetensors.index.json": index})
        with pytest.raises(RefusedFile, match="no weight file"):
            folder.unpack(path, tmp_path / str(wild).replace("/", "_"))


def test_weights_in_several_files_are_read_through_their_index(tmp_path):
    import shutil

    with zipfile.ZipFile(folders.tiny_text_classifier(tmp_path / "one.zip")) as archive:
        archive.extractall(tmp_path / "one")
    plain = transformers.BertForSequenceClassification.from_pretrained(tmp_path / "one")
    plain.save_pretrained(tmp_path / "many", max_shard_size="20KB")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tmp_path / "one" / name, tmp_path / "many")
    model = folder.unpack(packing.pack(tmp_path / "many", tmp_path / "many.zip"), tmp_path)
    assert len(list(model.path.glob("*.safetensors"))) > 1
    for name, weight in folder.load_network(model).named_parameters():
        torch.testing.assert_close(weight, plain.get_parameter(name))


def test_a_link_in_the_archive_is_refused(changed):
    path = changed()
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("vocab.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(RefusedFile, match=r"a link .`vocab\.txt`"):
        sniff(path)


def test_a_model_is_not_taken_for_data(tmp_path):
    with pytest.raises(RefusedFile, match="Hugging Face text classifier, not data"):
        expect("hf-text-classification", "dataset")


def test_the_same_folder_makes_the_same_zip(tmp_path):
    source = tmp_path / "model"
    source.mkdir()
    for name in ("b.txt", "a.txt"):
        (source / name).write_text(name)
    first = packing.pack(source, tmp_path / "1.zip").read_bytes()
    os.utime(source / "a.txt", (0, 0))
    assert packing.pack(source, tmp_path / "2.zip").read_bytes() == first
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(RefusedFile, match="holds a link"):
        packing.pack(source, tmp_path / "3.zip")


HOSTILE = sorted((FOLDER / "hostile").glob("hf_*")) if FOLDER.is_dir() else []


@needs_shared
@pytest.mark.parametrize("source", HOSTILE, ids=lambda path: path.name)
def test_a_hostile_folder_is_refused_with_one_sentence(source, tmp_path):
    path = packing.pack(source, tmp_path / "model.zip")
    with pytest.raises(RefusedFile) as error:
        opened(path, tmp_path)
    assert 20 < len(str(error.value)) < 600
