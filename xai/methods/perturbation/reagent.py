"""ReAGent: context tokens replaced at random, evidence gathered until few of them are enough.

Source: Zhao and Shan, ReAGent: A Model-agnostic Feature Attribution Method for Generative Language
Models, 2024, https://arxiv.org/abs/2402.00794, algorithm 1. The released code and the one in inseq
start from noise (`start`), test after every step and output by output (`variant`).
Cost: per output, probes × (1 + steps until the test passes) × 2 sequences; with a fixed budget
probes × steps for all outputs of a sample together, and probes per output for its one test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from xai.methods.perturbation.reagent_model import NextTokens, Request, read_all
from xai.methods.perturbation.reagent_source import REPLACEMENTS, Source, placed, replacement
from xai.methods.perturbation.reagent_values import Told, tell
from xai.methods.perturbation.reagent_walk import Rules, Stream, walk
from xai.units import UnitAttribution
from xai.vocabulary import Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xai.units import UnitProblem

Variant = Literal["fixed", "shared", "published"]

ROWS_AT_ONCE = 4096
"""Perturbed sequences held at a time: so many samples are walked together."""

TIES = 1e-9
"""Scale of the random numbers that break ties where a walk starts from zero."""


@dataclass(frozen=True, slots=True)
class Params:
    """How ReAGent goes about it.

    Attributes
    ----------
    variant : "fixed" (a budget of steps shared by all outputs of a sample, one stop test at the
        end), "shared" (a stop test after every step, perturbed contexts shared by all outputs) or
        "published" (every output by itself)
    steps : of each probe, with a fixed budget
    limit : steps after which a probe that did not stop is given up
    """

    variant: Variant = "fixed"
    source: Source = "unigrams"
    probes: int = 16
    steps: int = 24
    limit: int = 200
    ratio: float = 0.3
    kept: float = 0.3
    top: int = 3
    start: Literal["zero", "noise"] = "zero"

    @property
    def rules(self) -> Rules:
        """The rules of the walk."""
        return Rules(
            probes=self.probes,
            steps=self.steps if self.variant == "fixed" else self.limit,
            ratio=self.ratio,
            kept=self.kept,
            top=self.top,
            noise=1.0 if self.start == "noise" else TIES,
            every_step=self.variant != "fixed",
        )


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the probability of each output to the units before it.

    Returns
    -------
    UnitAttribution
        `values` are shares: the softmax of a probe's evidence, averaged over the probes that
        stopped (all probes where none did, or with a fixed budget); `error` their standard error
        over probes, NaN with a single one. `per_sample` holds, for each output, "contributions":
        the mean signed evidence per step, 2 atanh of the change in probability, and their
        "contribution_errors"; "stopped": how many probes passed the stop test; "steps": the mean
        number of steps; "placed": at which share of the tokens the source had a word to offer.

    Notes
    -----
    A share sums evidence over steps, so how peaked it is says how long the test took; a
    contribution is a mean, and does not.
    """
    model = cast("NextTokens", problem.extras["next_tokens"])
    most = _most(problem, params)
    told: list[Told] = []
    read = 0

    def watch(walked: int) -> None:
        progress(min(read + walked, most), most)

    for samples in _groups(problem, params):
        whole = _whole(problem, model, samples)
        read += len(samples)
        streams = [
            _streams(problem, model, sample, params, found)
            for sample, found in zip(samples, whole, strict=True)
        ]
        read += walk([one for parts in streams for one in parts], model, params.rules, watch)
        told += [
            tell(parts, problem.players[sample], uses_all=params.variant == "fixed")
            for sample, parts in zip(samples, streams, strict=True)
        ]
    progress(most, most)
    return UnitAttribution(
        values=[one.shares for one in told],
        error=[one.share_errors for one in told],
        per_sample={
            "contributions": [one.listed(one.contributions) for one in told],
            "contribution_errors": [one.listed(one.contribution_errors) for one in told],
            "stopped": [one.stopped.tolist() for one in told],
            "steps": [[round(float(mean), 2) for mean in one.steps] for one in told],
            "placed": [_placed(problem, model, sample, params) for sample in range(len(told))],
        },
        evaluations=read,
        notes=_notes(params),
    )


def _placed(problem: UnitProblem, model: NextTokens, sample: int, params: Params) -> float:
    """Return at which share of the tokens that can be replaced the source has its own words."""
    free = problem.players[sample] >= 0
    found = placed(model, sample, params.source)[free]
    return round(float(found.mean()), 3) if len(found) else 1.0


def _notes(params: Params) -> dict[str, object]:
    # How many probes stopped is told of each sample: notes must not depend on the shard.
    return {
        "variant": params.variant,
        "source": params.source,
        "replacements": REPLACEMENTS[params.source],
        "probes": params.probes,
    }


def _most(problem: UnitProblem, params: Params) -> int:
    """Return the most sequences that can be read, at least 1."""
    outputs, samples = int(problem.output_counts.sum()), len(problem.rows)
    if params.variant == "fixed":
        return max(1, samples * (1 + params.probes * params.steps) + outputs * params.probes)
    updates = samples if params.variant == "shared" else outputs
    return max(1, samples + params.probes * params.limit * (updates + outputs))


def _groups(problem: UnitProblem, params: Params) -> Iterator[list[int]]:
    """Yield samples to walk together, so many that their perturbed sequences stay few."""
    group: list[int] = []
    rows = 0
    for sample, outputs in enumerate(problem.output_counts):
        cost = params.probes * (int(outputs) + 1)
        if group and rows + cost > ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(sample)
        rows += cost
    if group:
        yield group


def _whole(problem: UnitProblem, model: NextTokens, samples: list[int]) -> list[Floats]:
    """Return the probability of every output after its unchanged context."""
    asked = [
        Request(
            model.tokens[sample][None, :-1],
            _causes(problem, sample)[None] - 1,
            model.tokens[sample][_causes(problem, sample)][None],
        )
        for sample in samples
    ]
    return [np.exp(found[0]) for found, _ in read_all(model, asked)]


def _causes(problem: UnitProblem, sample: int) -> np.ndarray:
    if problem.causes is None:
        return np.full(len(problem.outputs[sample]), len(problem.players[sample]))
    return problem.causes[sample]


def _streams(
    problem: UnitProblem, model: NextTokens, sample: int, params: Params, whole: Floats
) -> list[Stream]:
    """Return one stream for all outputs of a sample, or one for each."""
    tokens, players = model.tokens[sample], problem.players[sample]
    causes, key = _causes(problem, sample), [problem.seed, int(problem.rows[sample])]
    alone = params.variant == "published"
    parts = [slice(o, o + 1) for o in range(len(causes))] if alone else [slice(None)]
    replace = replacement(model, sample, params.source)
    streams = []
    for part in parts:
        length = int(causes[part].max(initial=0))
        streams.append(
            Stream(
                tokens=tokens[:length],
                players=players[:length],
                places=causes[part] - 1,
                targets=tokens[causes[part]],
                whole=whole[part],
                replace=replace.upto(length),
                random=np.random.default_rng([*key, part.start] if alone else key),
                rules=params.rules,
            )
        )
    return streams
