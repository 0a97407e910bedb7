"""Open a Hugging Face model for the first time: what it answers, what it offers, how fast it is."""

from __future__ import annotations

import inspect
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xai.assets.folder import Folder, load_network, load_processor, load_tokenizer, unpack
from xai.errors import RefusedFile
from xai.vocabulary import Json
from xai.workbench.picture_attention import reading_place

BATCHES = (1, 8, 32)
TOKENS = 30
TRIAL_SECONDS = 0.3
SLOW_SECONDS = 4.0
"""What one batch may take."""

Inputs = dict[str, Tensor]


def inspect_folder(path: Path, form: str) -> Json:
    """Load a zipped Hugging Face model, run it on made-up inputs, and return its facts.

    Returns
    -------
    dict
        `capabilities` of "gradient", "attention" (one square map per head and layer; pictures: and
        an answer from the class token), "layers" (hidden states), "convolution" (they are maps of
        the picture), "generates", "probability".
        `speed` counts texts of 30 tokens, or pictures, per second at a few batch sizes.

    Raises
    ------
    RefusedFile
        If it cannot be opened, or answers with NaN.
    """
    folder = unpack(path, Path(tempfile.gettempdir()))
    network = load_network(folder)
    is_image = folder.task == "image-classification"
    facts, example = _pictures(folder) if is_image else _tokens(folder, network)
    is_generator = folder.task == "text-generation"
    return {
        "kind": folder.task,
        "format": form,
        "architecture": folder.architecture,
        "problem": "generation" if is_generator else "classification",
        "outputs": list(folder.outputs),
        "output": "logprob" if is_generator else "probability",
        "features": [],
        "has_names": False,
        "capabilities": _capabilities(network, example(2), folder.task),
        "parameters": folder.parameters,
        "trees": None,
        "notes": list(folder.notes),
        "speed": _speed(network, example),
        **facts,
    }


def _tokens(folder: Folder, network: nn.Module) -> tuple[Json, Callable[[int], Inputs]]:
    tokenizer = load_tokenizer(folder)
    words = int(network.get_input_embeddings().num_embeddings)  # type: ignore[operator]
    length = min(TOKENS, tokenizer.model_max_length)
    draw = torch.Generator().manual_seed(0)
    facts = {
        "max_tokens": tokenizer.model_max_length,
        "image_size": None,
        "vocabulary": len(tokenizer),
    }

    def example(count: int) -> Inputs:
        ids = torch.randint(words, (count, length), generator=draw)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    return facts, example


def _pictures(folder: Folder) -> tuple[Json, Callable[[int], Inputs]]:
    from PIL import Image  # noqa: PLC0415 - only where there are pictures

    blank = Image.new("RGB", (320, 240), (90, 120, 150))
    pixels = load_processor(folder)(blank, return_tensors="pt")["pixel_values"]
    height, width = pixels.shape[-2:]
    facts = {"max_tokens": None, "image_size": [int(height), int(width)], "vocabulary": None}
    draw = torch.Generator().manual_seed(0)

    def example(count: int) -> Inputs:
        return {"pixel_values": torch.randn(count, *pixels.shape[1:], generator=draw)}

    return facts, example


@torch.no_grad()
def _capabilities(network: nn.Module, inputs: Inputs, task: str) -> list[str]:
    try:
        answer = network(**inputs, output_hidden_states=True, **_with_attention(network))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        if "memory" in str(error):
            raise
        raise RefusedFile(
            "The network fails on inputs of the kind that its folder describes. Check that "
            "config.json, the tokenizer or the preprocessor belong to these weights."
        ) from None
    if not torch.isfinite(answer.logits).all():
        raise RefusedFile(
            "The model answers with NaN or infinity on made-up inputs, so there is nothing to "
            "explain. Run it on a few inputs before you upload it."
        )
    found = ["gradient", "probability"]
    states = getattr(answer, "hidden_states", None) or ()
    if len(states) > 1:
        found.append("layers")
    if any(isinstance(state, Tensor) and state.ndim == 4 for state in states):
        found.append("convolution")
    if _has_attention(answer, inputs) and _reads_one(network, inputs, task):
        found.append("attention")
    if task == "text-generation":
        found.append("generates")
    return found


def _reads_one(network: nn.Module, inputs: Inputs, task: str) -> bool:
    """Return whether a transformer for pictures answers from its class token alone."""
    is_image = task == "image-classification"
    return not is_image or reading_place(network, inputs["pixel_values"][:1]) is not None


def _with_attention(network: nn.Module) -> dict[str, bool]:
    """Return what asks for attention maps, where the network takes such a wish."""
    wish = "output_attentions"
    known = inspect.signature(network.forward).parameters
    return {wish: True} if wish in known or "kwargs" in known else {}


def _has_attention(answer: Any, inputs: Inputs) -> bool:
    """Return whether every layer shows one square map per head, over the whole input."""
    maps = getattr(answer, "attentions", None) or ()
    count = len(next(iter(inputs.values())))
    shapes = {tuple(part.shape) for part in maps if isinstance(part, Tensor)}
    return len({shape[-1] for shape in shapes}) == 1 and all(
        len(shape) == 4 and shape[0] == count and shape[2] == shape[3] for shape in shapes
    )


@torch.inference_mode()
def _speed(network: nn.Module, example: Callable[[int], Inputs]) -> list[Json]:
    """Return inputs per second at rising batch sizes, until the next batch would take long."""
    found: list[Json] = []
    each = 0.0
    for batch in BATCHES:
        if each * batch > SLOW_SECONDS:
            break
        inputs, calls, spent, began = example(batch), 0, 0.0, time.perf_counter()
        while spent < TRIAL_SECONDS:
            network(**inputs)
            calls += 1
            spent = time.perf_counter() - began
        each = spent / (calls * batch)
        found.append({"rows": batch, "per_second": round(1 / each, 1)})
    return found
