"""Tiny causal language models in plain numpy, which offer a forward call and nothing else."""

from __future__ import annotations

import numpy as np

from xai.units import FIXED, UnitProblem


class Recurrent:
    """A random recurrent network: `forward(ids)` gives logits of shape (m, t, v)."""

    def __init__(self, vocabulary: int = 40, width: int = 12, seed: int = 0, sharpness: float = 3):
        draw = np.random.default_rng(seed)
        self.vocabulary = vocabulary
        self.inward = draw.normal(size=(vocabulary, width))
        self.across = draw.normal(size=(width, width)) / np.sqrt(width)
        self.outward = draw.normal(size=(width, vocabulary)) * sharpness / np.sqrt(width)
        self.sequences = 0

    def forward(self, ids):
        self.sequences += len(ids)
        state = np.zeros((len(ids), self.across.shape[0]))
        logits = []
        for place in range(ids.shape[1]):
            state = np.tanh(self.inward[ids[:, place]] + state @ self.across)
            logits.append(state @ self.outward)
        return np.stack(logits, axis=1)


class Copier:
    """Says, at every place, the token that stands `back` places before it."""

    def __init__(self, vocabulary: int = 40, back: int = 5, sharpness: float = 6):
        self.vocabulary, self.back, self.sharpness = vocabulary, back, sharpness

    def forward(self, ids):
        source = np.concatenate([ids[:, :1].repeat(self.back, 1), ids], axis=1)[:, : ids.shape[1]]
        return self.sharpness * np.eye(self.vocabulary)[source]


class ForwardOnly:
    """What ReAGent asks of a language model, answered by forward calls alone."""

    def __init__(self, model, tokens, special=(0,)):
        self.model, self.tokens = model, tuple(np.asarray(t) for t in tokens)
        self.ordinary = ~np.isin(np.arange(model.vocabulary), special)
        counts = np.bincount(np.concatenate(self.tokens), minlength=model.vocabulary)
        self.frequencies = np.where(self.ordinary, counts, 0) / counts.sum()

    def read(self, ids, places, targets):
        logits = log_softmax(self.model.forward(ids))
        found = logits[np.arange(len(ids))[:, None], places]
        mine = np.take_along_axis(found, targets[..., None], axis=-1)
        ranks = (found > mine).sum(axis=-1)
        asked = places >= 0
        return np.where(asked, mine[..., 0], np.nan), np.where(asked, ranks, 0)

    def likely(self, sample, count):
        ids = self.tokens[sample][:-1]
        shares = np.exp(log_softmax(self.model.forward(ids[None])))[0]
        shares = np.concatenate([np.zeros((1, shares.shape[1])), shares[:-1]])
        best = np.argsort(-shares, axis=1)[:, :count]
        return best, np.take_along_axis(shares, best, axis=1)


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def continued(model, *, prompts, length, outputs, seed=0, words=1):
    """Return a problem: random prompts behind a start token, continued by the likeliest tokens."""
    draw = np.random.default_rng(seed)
    tokens = draw.integers(1, model.vocabulary, size=(prompts, length))
    tokens[:, 0] = 0
    for _ in range(outputs):
        following = model.forward(tokens)[:, -1].copy()
        following[:, 0] = -np.inf
        tokens = np.concatenate([tokens, following.argmax(axis=1)[:, None]], axis=1)
    return pose(model, tokens, outputs, seed=seed, words=words)


def pose(model, tokens, outputs, *, seed=0, words=1):
    """Return the problem of explaining the last `outputs` of each row of tokens.

    The first token is special; `words` tokens are removed together.
    """
    units = tokens.shape[1] - 1
    players = np.concatenate([[FIXED], np.arange(units - 1) // words])
    causes = np.arange(units + 1 - outputs, units + 1)
    access = ForwardOnly(model, tokens)

    def score(kept, of):
        kept = np.concatenate([kept, np.ones((len(kept), 1), dtype=bool)], axis=1)[:, players]
        ids = np.where(kept, tokens[of, :-1], 0)
        places = np.broadcast_to(causes - 1, (len(of), outputs))
        return access.read(ids, places, tokens[of][:, causes])[0]

    count = len(tokens)
    return UnitProblem(
        rows=np.arange(count) + 100,
        names=tuple(tuple(map(str, row[:-1])) for row in tokens),
        shapes=((units,),) * count,
        players=(players,) * count,
        outputs=tuple(tuple(map(str, row[causes])) for row in tokens),
        score=score,
        seed=seed,
        causes=(causes,) * count,
        extras={"next_tokens": access},
    )
