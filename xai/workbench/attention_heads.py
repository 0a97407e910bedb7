"""One text through the eyes of every attention head: maps, entropy, what a head is worth, labels.

An operation of its own and not a method: it explains one text on request, and no value of it is an
attribution. The answer is plain data:

`tokens`, `words`, `special`: the text, as in the samples of a run; `target`, `probability`;
`layers`, `heads`: how many; all tables below have shape (layers, heads);
`entropy`: bits, mean over the rows of a head's map; `most_entropy`: that of even attention;
`on_special`: share of attention that rests on special tokens;
`effect`: how far the probability of the target falls when the head's output is set to 0; null
where the network is built so that heads cannot be told apart;
`grid`, `thumbnails`: base64 of bytes (layers, heads, grid, grid), cells averaged, 255 is the
largest cell of that head;
`maps`: base64 of bytes (layers, heads, tokens, tokens), 255 is the largest weight of that head,
`maxima`; null where all maps together are too large: ask for one;
`map`: base64 of bytes (tokens, tokens) of the head asked for by `layer` and `head`, else null;
`labels`: `names`; `likeness` (labels, tokens), cosines of each token's embedding with the mean
embedding of the label's name, null for special tokens; `shares` (tokens): softmax over tokens of
the largest cosine; `are_words`: false where names say nothing, as LABEL_0.

Source of the label view: Wang et al., Joint Embedding of Words and Labels, ACL 2018,
https://arxiv.org/abs/1805.04174, with the model's own embeddings.
Cost: 1 + layers × heads forward passes.
"""

from __future__ import annotations

import base64
import re

import numpy as np
import torch
from torch import Tensor

from xai.evaluation.players import pool
from xai.units import UnitProblem
from xai.vocabulary import Floats, Json, Progress, Recipe
from xai.workbench import texts
from xai.workbench.classifier import Classifier, open_classifier
from xai.workbench.head_effects import effects
from xai.workbench.tokenized import Tokenized

GRID = 24
"""Cells along each side of a thumbnail, at most."""
BYTES_MOST = 4_000_000
"""All maps are sent where they are no more than this."""


def attention_heads(payload: Json, progress: Progress) -> Json:
    """Answer for the row `row` of the dataset; `layer` and `head` ask for one map in full."""
    recipe = Recipe.from_json(payload["recipe"])
    classifier = open_classifier(payload["model"])
    sample, problem, target = texts.one(payload, recipe, int(payload["row"]))
    maps = _maps(problem)
    found = effects(classifier, sample, target, progress)
    kept = np.ones((1, int(problem.player_counts[0])), dtype=bool)
    chosen = None
    if payload.get("layer") is not None:
        chosen = _bytes(maps[int(payload["layer"]), int(payload["head"])])
    return {
        **sample.shown(),
        "target": classifier.outputs[target],
        "probability": float(problem.score(kept, np.zeros(1, dtype=np.int64))[0, 0]),
        "layers": maps.shape[0],
        "heads": maps.shape[1],
        "entropy": _entropy(maps).tolist(),
        "most_entropy": float(np.log2(maps.shape[-1])),
        "on_special": maps[..., sample.special].sum(axis=-1).mean(axis=-1).tolist(),
        "effect": None if found is None else found.tolist(),
        **_pictures(maps),
        "map": chosen,
        "labels": labels(classifier, sample),
    }


def _maps(problem: UnitProblem) -> Floats:
    """Return the attention of the one sample, shape (layers, heads, t, t)."""
    attention = problem.attention
    assert attention is not None  # noqa: S101 - texts always pose it
    layers = [layer[0].double().numpy() for layer in attention.maps(np.zeros(1, dtype=np.int64))]
    return np.stack(layers)


def _entropy(maps: Floats) -> Floats:
    logs = np.log2(maps, out=np.zeros_like(maps), where=maps > 0)
    return np.asarray(-(maps * logs).sum(axis=-1).mean(axis=-1))


def _pictures(maps: Floats) -> Json:
    size = maps.shape[-1]
    grid = min(GRID, size)
    cells = pool(maps.reshape(*maps.shape[:2], -1), (size, size), (grid, grid))
    small = maps.size <= BYTES_MOST
    return {
        "grid": grid,
        "thumbnails": _bytes(cells.reshape(*maps.shape[:2], grid, grid)),
        "maxima": maps.max(axis=(-1, -2)).tolist(),
        "maps": _bytes(maps) if small else None,
    }


def _bytes(values: Floats) -> str:
    """Quantise to 0 … 255 of each map's own largest value."""
    most = values.max(axis=(-1, -2), keepdims=True)
    scaled = np.round(255 * values / np.where(most > 0, most, 1.0)).astype(np.uint8)
    return base64.b64encode(scaled.tobytes()).decode("ascii")


@torch.inference_mode()
def labels(classifier: Classifier, sample: Tokenized) -> Json:
    """Hold every token against the names of the labels, in the model's own embedding."""
    names = classifier.outputs
    found = torch.stack([_named(classifier, name) for name in names])
    words = classifier.embed(torch.from_numpy(sample.ids))
    likeness = torch.cosine_similarity(found[:, None], words[None], dim=-1).double().numpy()
    nearest = np.where(sample.special, -np.inf, likeness.max(axis=0))
    shares = np.zeros(len(nearest))
    if np.isfinite(nearest).any():
        shares = np.exp(nearest - nearest.max())
        shares /= shares.sum()
    hidden = [
        [None if fixed else float(v) for v, fixed in zip(row, sample.special, strict=True)]
        for row in likeness
    ]
    return {
        "names": list(names),
        "likeness": hidden,
        "shares": shares.tolist(),
        "are_words": not all(re.fullmatch(r"LABEL_\d+|\d+", name) for name in names),
    }


def _named(classifier: Classifier, name: str) -> Tensor:
    """Return the mean embedding of a label's name."""
    plain = re.sub(r"[_\W]+", " ", name).strip() or name
    ids = classifier.tokenizer(plain, add_special_tokens=False)["input_ids"] or [classifier.blank]
    mean: Tensor = classifier.embed(torch.tensor(ids)).mean(dim=0)
    return mean
