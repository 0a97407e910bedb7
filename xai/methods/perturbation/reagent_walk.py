"""The walk of ReAGent: evidence for each player, step by step, until few players are enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.perturbation.reagent_model import NOWHERE, NextTokens, Request, read_all
from xai.units import Bools
from xai.vocabulary import Floats, Integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai.methods.perturbation.reagent_source import Replacement

TOKENS_AT_ONCE = 1024
"""Tokens worth one forward: while fewer are asked for, several steps of a probe go together."""

MOST = 1 - 1e-6
"""Largest change of probability that counts: a change of exactly 1 would be infinite evidence."""

Watch = Callable[[int], None]
"""Called with the number of sequences read so far; it may raise to stop the walk."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a walk goes.

    Attributes
    ----------
    ratio : share of the players that a step replaces, each by its own coin
    kept : share of the players that the stop test keeps
    top : the stop test passes where the token is among so many likeliest ones
    noise : scale of the random numbers that the evidence starts from; tiny, they only break ties
    every_step : test after every step and leave when passed, or once after the last step
    """

    probes: int
    steps: int
    ratio: float
    kept: float
    top: int
    noise: float
    every_step: bool


@dataclass(slots=True)
class Stream:
    """Probes of one sample that share random numbers, and the outputs they serve.

    Sizes: L units of context, P players, q outputs, B probes.

    Attributes
    ----------
    tokens, players : arrays of shape (L,)
    places, targets : arrays of shape (q,)
        Last place of each output's context, and the token that followed.
    whole : array of shape (q,)
        Probability of each output after its unchanged context.
    """

    tokens: Integers
    players: Integers
    places: Integers
    targets: Integers
    whole: Floats
    replace: Replacement
    random: np.random.Generator
    rules: Rules
    evidence: Floats = field(init=False)  # (q, B, P)
    start: Floats = field(init=False)  # (B, P)
    steps: Integers = field(init=False)  # (q, B)
    stopped: Bools = field(init=False)  # (q, B)
    inside: Bools = field(init=False)  # (q, P): the player stands in the output's context
    _block: _Block = field(init=False)

    def __post_init__(self) -> None:
        count, q = self.rules.probes, len(self.places)
        size = int(self.players.max(initial=-1)) + 1
        self.start = self.random.random((count, size)) * self.rules.noise
        self.evidence = np.zeros((q, count, size))
        self.steps = np.zeros((q, count), dtype=np.int64)
        self.stopped = np.zeros((q, count), dtype=bool)
        self.inside = np.zeros((q, size), dtype=bool)
        for output, place in enumerate(self.places):
            seen = self.players[: place + 1]
            self.inside[output, seen[seen >= 0]] = True
        self.stopped[~self.inside.any(axis=1)] = True  # no player at all: nothing to walk for

    @property
    def live(self) -> Integers:
        """Probes that at least one output still needs."""
        return np.flatnonzero(~self.stopped.all(axis=0)) if len(self.stopped) else np.arange(0)

    def perturb(self, steps: int) -> Request:
        """Draw the next steps of the live probes and replace a part of the context in each."""
        live, (count, size), length = self.live, self.start.shape, len(self.tokens)
        # All probes draw, stopped or not: what one does never depends on the others.
        drawn = self.random.random((steps, count * (size + 2 * length)))
        coins, first, second = np.split(drawn, [count * size, count * (size + length)], axis=1)
        masks = coins.reshape(steps, count, size)[:, live] < self.rules.ratio
        stand_in = self.replace(first.reshape(steps, count, length)[:, live])
        ids = np.where(self._of_units(masks), stand_in, self.tokens)
        again = second.reshape(steps, count, length)
        self._block = _Block(live, masks, again)
        rows = ids.reshape(-1, length)
        places = np.where(self.stopped.all(axis=1), NOWHERE, self.places)
        shape = (len(rows), len(places))
        return Request(rows, np.broadcast_to(places, shape), np.broadcast_to(self.targets, shape))

    def learn(self, probabilities: Floats) -> None:
        """Turn changes of probability into evidence: shape (steps × live, q)."""
        block = self._block
        found = probabilities.reshape(*block.masks.shape[:2], len(self.places))
        drop = np.clip(self.whole - found, -MOST, MOST)
        signs = np.where(block.masks, 2.0, -2.0)
        moves = np.arctanh(drop)[..., None] * signs[:, :, None, :]
        before = self.evidence[:, block.live].transpose(1, 0, 2)[None]
        sums = np.cumsum(np.concatenate([before, moves]), axis=0)  # as if step by step
        block.sums = sums[1:]  # (steps, live, q, P)

    def advance(self) -> None:
        """Take the evidence as it stands after the block, without a test."""
        block = self._block
        running = ~self.stopped[:, block.live]
        self._take(running, np.full(running.shape, len(block.masks) - 1))

    def test(self, *, at_end: bool) -> Request:
        """Keep the players with most evidence, replace all others: one row per step and pair."""
        block = self._block
        outputs, probes = np.nonzero(~self.stopped[:, block.live])
        sums = block.sums[-1:] if at_end else block.sums
        order = sums[:, probes, outputs] + self.start[block.live[probes]]
        order = np.where(self.inside[outputs], order, -np.inf)  # (steps, pairs, P)
        places = np.empty(order.shape, dtype=np.int64)
        ranks = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
        np.put_along_axis(places, np.argsort(-order, axis=-1, kind="stable"), ranks, axis=-1)
        enough = np.array([ceil(self.rules.kept * n - 1e-9) for n in self.inside.sum(axis=1)])
        dropped = places >= np.maximum(enough, 1)[outputs][:, None]
        stand_in = self.replace(block.again[-len(sums) :, block.live])[:, probes]
        ids = np.where(self._of_units(dropped), stand_in, self.tokens)
        block.pairs = (outputs, probes)
        once = len(sums)
        return Request(
            ids.reshape(-1, len(self.tokens)),
            np.tile(self.places[outputs], once)[:, None],
            np.tile(self.targets[outputs], once)[:, None],
        )

    def settle(self, ranks: Integers, *, at_end: bool) -> None:
        """Stop the pairs that passed, each at its first step that did: shape (steps × pairs, 1)."""
        block, (outputs, probes) = self._block, self._block.pairs
        hits = (ranks < self.rules.top).reshape(-1, len(outputs))
        passed = hits.any(axis=0)
        if not at_end:
            last = np.where(passed, hits.argmax(axis=0), len(hits) - 1)
            steps = np.zeros((len(self.places), len(block.live)), dtype=np.int64)
            steps[outputs, probes] = last
            self._take(~self.stopped[:, block.live], steps)
        self.stopped[outputs, block.live[probes]] = passed

    def _take(self, running: Bools, steps: Integers) -> None:
        """Take the evidence after 0-based `steps` of the block, shape (q, live), where running."""
        block = self._block
        outputs, probes = np.nonzero(running)
        chosen = steps[outputs, probes]
        self.evidence[outputs, block.live[probes]] = block.sums[chosen, probes, outputs]
        self.steps[outputs, block.live[probes]] += chosen + 1

    def _of_units(self, masks: Bools) -> Bools:
        """Spread masks over players (..., P) to units (..., L); fixed units are never masked."""
        none = np.zeros((*masks.shape[:-1], 1), dtype=bool)
        return np.asarray(np.concatenate([masks, none], axis=-1)[..., self.players])


@dataclass(slots=True)
class _Block:
    """A few steps of a stream between drawing and settling."""

    live: Integers
    masks: Bools  # (steps, live, P)
    again: Floats  # (steps, B, L): uniform numbers for the test
    sums: Floats = field(default_factory=lambda: np.zeros(0))  # (steps, live, q, P)
    pairs: tuple[Integers, Integers] = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def walk(streams: Sequence[Stream], model: NextTokens, rules: Rules, watch: Watch) -> int:
    """Walk all streams to their ends, together; return how many sequences the model read.

    Probes that have stopped leave the batch. Where few are left, several steps go in one forward:
    what a step draws does not depend on the steps before it, only the stop test does.
    """
    done = read = 0
    while done < rules.steps and any(len(stream.live) for stream in streams):
        running = [stream for stream in streams if len(stream.live)]
        steps = min(_steps(running, done, rules), rules.steps - done)
        asked = [stream.perturb(steps) for stream in running]
        for stream, (found, _) in zip(running, read_all(model, asked), strict=True):
            stream.learn(np.exp(found))
        read += sum(len(request.ids) for request in asked)
        done += steps
        if rules.every_step:
            read += _test(running, model, at_end=False)
        else:
            for stream in running:
                stream.advance()
            if done == rules.steps:
                read += _test(running, model, at_end=True)
        watch(read)
    return read


def _test(streams: Sequence[Stream], model: NextTokens, *, at_end: bool) -> int:
    asked = [stream.test(at_end=at_end) for stream in streams]
    for stream, (_, ranks) in zip(streams, read_all(model, asked), strict=True):
        stream.settle(ranks, at_end=at_end)
    return sum(len(request.ids) for request in asked)


def _steps(streams: Sequence[Stream], done: int, rules: Rules) -> int:
    tokens = sum(len(stream.live) * len(stream.tokens) for stream in streams)
    fitting = max(1, TOKENS_AT_ONCE // tokens)
    # Never more than were already done: a probe that stops early wastes at most as much again.
    return min(fitting, done + 1) if rules.every_step else fitting
