"""Every model type on the list: saved by transformers, opened here, with the same answers."""

from __future__ import annotations

import json

import pytest

from tests.assets import folders
from xai.assets import folder
from xai.assets.folder_config import TYPES
from xai.assets.packing import pack

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

SMALL = {
    "vocab_size": 50, "hidden_size": 32, "embedding_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64, "head_dim": 8,
    "max_position_embeddings": 64, "dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4,
    "n_embd": 32, "n_layer": 2, "n_head": 4, "n_inner": 64, "n_positions": 64, "n_ctx": 64,
    "num_layers": 2, "num_heads": 4, "rotary_dim": 8, "ffn_dim": 64, "word_embed_proj_dim": 32,
    "attention_types": [[["global", "local"], 1]], "image_size": 32, "patch_size": 8,
    "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2, "layer_types": None, "query_pre_attn_scalar": 8,
    "num_kv_heads": 2, "ffn_hidden_size": 64, "initializer_range": 0.2, "cls_token_id": 1,
    "sep_token_id": 2,
}  # fmt: skip
# Networks for pictures that shrink them many times, or have their own names for sizes.
PICTURES = {
    "beit": {"use_relative_position_bias": True},
    "bit": {"embedding_size": 16, "hidden_sizes": [32, 32, 32, 32], "depths": [1, 1, 1, 1],
            "num_groups": 4},
    "convnext": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]},
    "convnextv2": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]},
    "cvt": {"embed_dim": [8, 8, 16], "num_heads": [1, 1, 2], "depth": [1, 2, 3]},
    "efficientnet": {"width_coefficient": 0.25, "depth_coefficient": 0.25, "hidden_dim": 320},
    "focalnet": {"embed_dim": 8, "depths": [1, 1, 1, 1], "hidden_sizes": [8, 16, 32, 64]},
    "levit": {"image_size": 64, "hidden_sizes": [16, 24, 32], "num_attention_heads": [2, 3, 4],
              "depths": [1, 1, 1], "key_dim": [4, 4, 4], "drop_path_rate": 0, "patch_size": 16},
    "mobilenet_v1": {"depth_multiplier": 0.25},
    "mobilenet_v2": {"depth_multiplier": 0.25},
    "mobilevit": {"hidden_sizes": [16, 16, 16], "neck_hidden_sizes": [8, 8, 8, 8, 8, 8, 32],
                  "patch_size": 2},
    "poolformer": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]},
    "pvt": {"hidden_sizes": [8, 16, 40, 64], "depths": [1, 1, 1, 1], "image_size": 64},
    "regnet": {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1],
               "groups_width": 8},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
    "swin": {"embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "patch_size": 4,
             "window_size": 2},
    "swinv2": {"embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "patch_size": 4,
               "window_size": 2},
}  # fmt: skip
HEADS = {
    "text-classification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
    "text-generation": "MODEL_FOR_CAUSAL_LM_MAPPING",
    "fill-mask": "MODEL_FOR_MASKED_LM_MAPPING",
    "image-classification": "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING",
}
CASES = [(task, kind) for task, kinds in TYPES.items() for kind in sorted(kinds)]
# A classifier's body is that of its language model; a few are enough.
CASES = [c for c in CASES if c[0] != "text-classification" or c[1] in {
    "albert", "bert", "deberta", "deberta-v2", "distilbert", "gpt2", "llama", "modernbert", "mpnet",
    "roberta"}]  # fmt: skip


def small(kind, task):
    """Return a network of the type, with random weights and few of them."""
    made = transformers.CONFIG_MAPPING[kind]
    known = {*made.__dataclass_fields__, *made.attribute_map}
    is_image = task == "image-classification"
    given = {k: v for k, v in SMALL.items() if k in known and not (is_image and "token" in k)}
    given = PICTURES.get(kind, given) if is_image else given
    if is_image or task == "text-classification":
        given = given | {"id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
    mapping = getattr(transformers.models.auto.modeling_auto, HEADS[task])
    head = mapping[made]
    head = head[0] if isinstance(head, tuple) else head
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = made(**given)
        network = head._from_config(config, attn_implementation="eager").eval()
        for weight in network.parameters():
            # The usual start makes some networks answer 0 to everything.
            if weight.ndim > 1:
                torch.nn.init.kaiming_normal_(weight)
        return network


@pytest.mark.slow
@pytest.mark.parametrize(("task", "kind"), CASES)
def test_its_answers_are_those_of_transformers(task, kind, tmp_path):
    network = small(kind, task)
    saved = tmp_path / "saved"
    network.save_pretrained(saved)
    if task == "image-classification":
        side = network.config.image_size if hasattr(network.config, "image_size") else 32
        side = side if isinstance(side, int) else side[0]
        inputs = {"pixel_values": torch.randn(2, 3, side, side)}
        settings = {"preprocessor_config": {"size": {"height": side, "width": side}}}
    else:
        ids = torch.randint(3, 40, (2, 9))
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        settings = folders.word_tokenizer(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"))
    for name, content in settings.items():
        (saved / f"{name}.json").write_text(json.dumps(content))
    opened = folder.unpack(pack(saved, tmp_path / "m.zip"), tmp_path)
    assert opened.task == task
    with torch.no_grad():
        found, wanted = folder.load_network(opened)(**inputs).logits, network(**inputs).logits
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert found.std() > 0


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("llama", {"rope_theta": 500.0, "rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
        ("llama", {"rope_parameters": {"rope_type": "default", "rope_theta": 77.0}}),
        ("gpt_neox", {"rotary_pct": 0.5, "rotary_emb_base": 300}),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True, "layer_norm_epsilon": 0.1}),
        ("gemma2", {"final_logit_softcapping": 1.0, "sliding_window": 2}),
    ],
)
def test_settings_that_change_the_answers_are_kept(kind, change, tmp_path):
    network = small(kind, "text-generation")
    saved = tmp_path / "saved"
    network.save_pretrained(saved)
    written = json.loads((saved / "config.json").read_text())
    if "rope_parameters" not in change:
        written.pop("rope_parameters", None)
    (saved / "config.json").write_text(json.dumps(written | change))
    for name, content in folders.word_tokenizer(("<unk>", "<s>", "</s>")).items():
        (saved / f"{name}.json").write_text(json.dumps(content))
    opened = folder.unpack(pack(saved, tmp_path / "m.zip"), tmp_path)
    plain = type(network).from_pretrained(saved, attn_implementation="eager").eval()
    ids = torch.randint(3, 40, (2, 9))
    networks = folder.load_network(opened), plain, network
    with torch.no_grad():
        found, wanted, before = (each(ids).logits for each in networks)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert (found - before).abs().max() > 1e-3
