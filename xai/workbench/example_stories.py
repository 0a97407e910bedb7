"""The example of language: stories in which a name and a toy must be remembered.

Everything is written here, from a seed. A story names a child, a friend and a toy, and comes back
to them later: which of many names follows can be known only from its first place in the text. The
network learns stories; the prompts that are explained are new ones, cut where the story is about
to come back, so an explanation must lead to that first place.
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

LEARNT, SHOWN = 4000, 200
START, END = "<s>", "</s>"
PLACES = 96
"""Tokens that a text may have."""

_ROUNDS, _BATCH, _RATE = 3, 32, 6e-3
_SPREAD = 0.125
"""Of the first weights: from the usual 0.02, so narrow a network learns to copy far later."""
_ELSEWHERE = -100
"""What torch takes for no target: places behind the end of a story."""

GIRLS = ("Mia", "Anna", "Lily", "Zoe", "Emma", "Ruth", "Nora", "Ella", "Ida", "Clara")
BOYS = ("Tom", "Ben", "Max", "Leo", "Paul", "Finn", "Sam", "Oscar", "Hugo", "Jack")
FRIENDS = ("dog", "cat", "bird", "rabbit", "horse", "mouse", "fox", "duck")
COLOURS = ("red", "blue", "green", "yellow", "white", "black", "small", "big")
TOYS = ("ball", "kite", "boat", "drum", "hat", "book", "doll", "train", "cup", "bell")
PLACES_NAMED = ("park", "garden", "forest", "kitchen", "river", "school", "barn", "street")
MOODS = ("happy", "sad", "tired", "proud", "brave", "quiet")


def write_model(path: Path, progress: Progress) -> None:
    """Train a Llama of two layers on stories; write it as a zip."""
    from transformers import LlamaConfig, LlamaForCausalLM  # noqa: PLC0415 - heavy

    draw = np.random.default_rng(1)
    stories = [" ".join(_story(draw)) for _ in range(LEARNT)]
    tokenizer = _tokenizer(stories)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=128,
        max_position_embeddings=PLACES,
        bos_token_id=tokenizer.token_to_id(START),
        eos_token_id=tokenizer.token_to_id(END),
        tie_word_embeddings=True,
        initializer_range=_SPREAD,
    )
    ends = config.eos_token_id
    tokens = [[*one.ids, ends] for one in tokenizer.encode_batch(stories)]
    data = torch.full((LEARNT, max(map(len, tokens))), _ELSEWHERE)
    for row, ids in zip(data, tokens, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    network = built(LlamaForCausalLM, config)
    order = batches((data,), _BATCH, _ROUNDS, seed=2)
    train(network, (data,), order, _loss, rate=_RATE, progress=progress)
    files = {
        "tokenizer.json": json.loads(tokenizer.to_str()),
        "tokenizer_config.json": {"bos_token": START, "eos_token": END},
    }
    zip_folder(path, network, files)


def write_dataset(path: Path, _progress: Progress) -> None:
    """Write the beginnings of new stories, as a table of one column."""
    draw = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["prompt"])
        lines.writerows([_beginning(_story(draw), draw)] for _ in range(SHOWN))


def _loss(network: Any, batch: tuple[Tensor, ...]) -> Tensor:
    (ids,) = batch
    logits = network(input_ids=ids.clamp(min=0)).logits[:, :-1]
    return cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=_ELSEWHERE)


def _story(draw: np.random.Generator) -> list[str]:
    """Return the five sentences of a story."""
    is_girl = bool(draw.integers(2))
    name = draw.choice(GIRLS if is_girl else BOYS)
    child, who = ("girl", "she") if is_girl else ("boy", "he")
    friend, colour, toy = draw.choice(FRIENDS), draw.choice(COLOURS), draw.choice(TOYS)
    place, mood, glad = draw.choice(PLACES_NAMED), draw.choice(MOODS), draw.choice(MOODS)
    first = draw.choice((
        f"Once there was a {child} named {name}.",
        f"There was a {mood} {child} called {name}.",
        f"{name} was a {mood} {child}.",
    ))  # fmt: skip
    second = draw.choice(
        (
            f"{who.capitalize()} had a {friend} and a {colour} {toy}.",
            f"{who.capitalize()} loved a {colour} {toy} and a {friend}.",
        )
    )
    third = draw.choice(
        (
            f"One day {who} went to the {place} and lost the {toy}.",
            f"One day {who} lost the {toy} in the {place}.",
        )
    )
    fourth = draw.choice(
        (
            f"The {friend} found the {colour} {toy} and gave it to {name}.",
            f"In the {place} the {friend} saw the {colour} {toy} and took it to {name}.",
        )
    )
    last = draw.choice(
        (
            f"{name} was {glad} and thanked the {friend}.",
            f"Then {name} and the {friend} were {glad}.",
        )
    )
    return [first, second, third, fourth, last]


def _beginning(story: list[str], draw: np.random.Generator) -> str:
    """Cut a story before, or in the middle of, the sentence that comes back to what was named."""
    fourth = story[3].split()
    return " ".join([*story[:3], *fourth[: int(draw.integers(0, 3))]])


def _tokenizer(stories: list[str]) -> Any:
    """Return byte pairs of the stories, so many that every word of theirs is one token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers  # noqa: PLC0415

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=[START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(stories, trainer)
    made.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, made.token_to_id(START))]
    )
    return made
