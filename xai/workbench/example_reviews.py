"""The example of texts: short reviews in which a "not" or a "but" can turn the verdict.

Everything is written here, from a seed. Each review speaks of one or two things; "not" and "never"
turn what follows, and of two verdicts the one after "but" counts. A word is thus good or bad only
by its neighbours, which explanations word by word show differently.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xai.vocabulary import Progress
from xai.workbench.example_networks import batches, built, train, zip_folder

CLASSES = ("negative", "positive")
LEARNT, SHOWN = 6000, 200
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

THINGS = (
    "plot", "story", "music", "ending", "cast", "dialogue", "film", "movie", "script", "acting",
    "photography", "humour",
)  # fmt: skip
GOOD = (
    "good", "great", "lovely", "brilliant", "funny", "moving", "clever", "charming", "fresh",
    "gripping",
)  # fmt: skip
BAD = (
    "bad", "awful", "boring", "dull", "weak", "clumsy", "silly", "tired", "noisy", "bland",
)  # fmt: skip
DEGREES = ("", "very ", "really ", "quite ", "rather ", "simply ")
TURNS = ("not ", "never ")
OPENINGS = ("", "", "to be honest , ", "after two hours : ", "my friends and i agree : ")
CLOSINGS = (
    "", "", "we saw it on a monday .", "the cinema was almost full .", "it runs for two hours .",
    "my sister chose it .",
)  # fmt: skip

_TURNED = 0.3
_ROUNDS, _BATCH, _RATE = 5, 32, 3e-3
_SPREAD = 0.1
"""Of the first weights: from the usual 0.02 so narrow a network learns far more slowly."""
_HIDDEN_SHARE = 0.05
"""Words masked at random in training, so that a review with gaps is nothing new to the network."""


def write_model(path: Path, progress: Progress) -> None:
    """Train a BERT of two layers on reviews; write it as a zip."""
    from transformers import BertConfig, BertForSequenceClassification  # noqa: PLC0415 - heavy

    draw = np.random.default_rng(1)
    reviews = [_review(draw) for _ in range(LEARNT)]
    tokenizer = _tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=64,
        initializer_range=_SPREAD,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: place for place, name in enumerate(CLASSES)},
    )
    ids = [torch.tensor(one.ids) for one in tokenizer.encode_batch([text for text, _ in reviews])]
    data = (
        torch.nn.utils.rnn.pad_sequence(ids, batch_first=True),
        torch.tensor([code for _, code in reviews]),
    )
    network = built(BertForSequenceClassification, config)
    # The masks are drawn from torch's own stream, which is put back afterwards.
    with torch.random.fork_rng():
        torch.manual_seed(4)
        order = batches(data, _BATCH, _ROUNDS, seed=2)
        train(network, data, order, _loss, rate=_RATE, progress=progress)
    files = {
        "tokenizer.json": json.loads(tokenizer.to_str()),
        "tokenizer_config.json": {
            f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")
        },
    }
    zip_folder(path, network, files)


def write_dataset(path: Path, _progress: Progress) -> None:
    """Write new reviews, with the truth, as CSV."""
    draw = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["review", "verdict"])
        reviews = [_review(draw) for _ in range(SHOWN)]
        lines.writerows([text, CLASSES[code]] for text, code in reviews)


def _loss(network: Any, batch: tuple[Tensor, ...]) -> Tensor:
    ids, classes = batch
    is_word = ids >= len(SPECIAL)
    hidden = is_word & (torch.rand(ids.shape) < _HIDDEN_SHARE)
    seen = ids.masked_fill(hidden, SPECIAL.index("[MASK]"))
    logits: Tensor = network(input_ids=seen, attention_mask=(ids != 0).long()).logits
    return cross_entropy(logits, classes)


def _review(draw: np.random.Generator) -> tuple[str, int]:
    """Return a review and its verdict, 0 or 1."""
    first, second = draw.choice(THINGS, 2, replace=False)
    verdict = int(draw.integers(2))
    body = _says(draw, second, verdict)
    kind = int(draw.integers(3))
    if kind == 0:
        body = f"{_says(draw, first, 1 - verdict)} but {body}"
    elif kind == 1:
        body = f"{_says(draw, first, verdict)} and {body}"
    return f"{draw.choice(OPENINGS)}{body} . {draw.choice(CLOSINGS)}".strip(), verdict


def _says(draw: np.random.Generator, thing: str, verdict: int) -> str:
    """Return a clause that praises or blames a thing, sometimes by turning the opposite."""
    turn = str(draw.choice(TURNS)) if draw.random() < _TURNED else ""
    words = GOOD if bool(verdict) != bool(turn) else BAD
    return f"the {thing} was {turn}{draw.choice(DEGREES)}{draw.choice(words)}"


def _tokenizer() -> Any:
    """Return a tokenizer that knows the words of the reviews, and takes the rest as unknown."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    texts = (*THINGS, *GOOD, *BAD, *DEGREES, *TURNS, *OPENINGS, *CLOSINGS, "the was and but .")
    words = sorted({word for text in texts for word in text.split()})
    known = {word: place for place, word in enumerate((*SPECIAL, *words))}
    made = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))  # noqa: S106 - no password
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(word, known[word]) for word in ("[CLS]", "[SEP]")],
    )
    return made
