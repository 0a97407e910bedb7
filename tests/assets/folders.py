"""Tiny Hugging Face models with random weights, zipped as a person would upload them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from xai.assets.packing import pack

WORDS = (
    "a", "an", "the", "film", "movie", "plot", "is", "was", "not", "very", "good", "bad", "great",
    "awful", "lovely", "boring", "funny", "sad", "and", "but", "with", "of", "no", "it", "i",
    "you", "they", "story", "actor", "scene", "end", "day", "girl", "boy", "dog", "cat", "ball",
    "park", ",", ".", "!",
)  # fmt: skip
LABELS = ("negative", "positive")
CLASSES = ("cat", "dog", "ship")
SIDE = 32


def tiny_text_classifier(path, labels=LABELS, seed=0, **changes):
    """Write a BERT of two layers as the zip `path`; return the path."""
    from transformers import BertConfig, BertForSequenceClassification

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    config = BertConfig(
        vocab_size=len(special) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        id2label=dict(enumerate(labels)),
        label2id={name: index for index, name in enumerate(labels)},
        **changes,
    )
    network = _seeded(BertForSequenceClassification, config, seed)
    return _zipped(path, network, word_tokenizer(special))


def tiny_masked_model(path, seed=0):
    """Write a masked BERT of two layers, with the words of the classifier."""
    from transformers import BertConfig, BertForMaskedLM

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    config = BertConfig(
        vocab_size=len(special) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    return _zipped(path, _seeded(BertForMaskedLM, config, seed), word_tokenizer(special))


def tiny_language_model(path, seed=0):
    """Write a Llama of two layers as the zip `path`; return the path."""
    from transformers import LlamaConfig, LlamaForCausalLM

    special = ("<unk>", "<s>", "</s>")
    config = LlamaConfig(
        vocab_size=len(special) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        bos_token_id=1,
        eos_token_id=2,
    )
    return _zipped(path, _seeded(LlamaForCausalLM, config, seed), word_tokenizer(special))


def tiny_image_classifier(path, kind="vit", labels=CLASSES, seed=0):
    """Write a ViT of two layers, or the narrowest MobileNetV1, for pictures of 32 × 32."""
    names = {
        "id2label": dict(enumerate(labels)),
        "label2id": {name: index for index, name in enumerate(labels)},
    }
    if kind == "vit":
        from transformers import ViTConfig, ViTForImageClassification

        config = ViTConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            image_size=SIDE,
            patch_size=8,
            **names,
        )
        network, processor = _seeded(ViTForImageClassification, config, seed), "ViT"
    else:
        from transformers import MobileNetV1Config, MobileNetV1ForImageClassification

        config = MobileNetV1Config(depth_multiplier=0.25, image_size=SIDE, **names)
        network, processor = _seeded(MobileNetV1ForImageClassification, config, seed), "MobileNetV1"
    settings = {
        "image_processor_type": f"{processor}ImageProcessor",
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    return _zipped(path, network, preprocessor_config=settings)


def _seeded(kind, config, seed):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = kind(config).eval()
        for weight in network.parameters():
            # The usual start is so small that every answer would be nearly even.
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=0.25)
    return network


def word_tokenizer(special):
    """Return the files of a tokenizer that knows `WORDS` and takes the rest as unknown."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {word: index for index, word in enumerate((*special, *WORDS))}
    is_bert = "[CLS]" in special
    unknown = "[UNK]" if is_bert else "<unk>"
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(list(special))
    if is_bert:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
        )
        names = {"pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    else:
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", vocabulary["<s>"])]
        )
        names = {"bos": "<s>", "eos": "</s>"}
    settings = {f"{name}_token": word for name, word in (names | {"unk": unknown}).items()}
    return {"tokenizer": json.loads(made.to_str()), "tokenizer_config": settings}


def _zipped(path, network, files=None, **more):
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        for name, content in {**(files or {}), **more}.items():
            (Path(folder) / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        return pack(Path(folder), Path(path))
