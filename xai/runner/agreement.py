"""The agreement of a run: how alike its merged methods rank. Numbers only, no model, no jail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from xai.errors import XaiError
from xai.evaluation.agreement import CONTROL, SELF, Agreement, Ranked, agree
from xai.evaluation.agreement_units import agree_units
from xai.evaluation.files import write_agreement
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.runner import common_units
from xai.runner.folders import write_folder
from xai.runner.version import code_version
from xai.vocabulary import Json


def evaluate(folders: Mapping[str, Path], target: Path, job: Mapping[str, Json]) -> Json:
    """Compare the merged local methods among `folders`; write `target` with `job.json` last.

    Parameters
    ----------
    folders : mapping
        Result folders by method slug, or "self:<slug>", and "predictions", which says what the
        units of a text are.
    job : mapping
        {"role", "method", "params", "seed", "key"} of the agreement job.

    Raises
    ------
    XaiError
        If fewer than two local methods are there.
    """
    results = Results.gather({}, dict(folders))
    methods = results.local_methods(with_self=True)
    compared = [m for m in methods if m.family != CONTROL and not m.slug.startswith(SELF)]
    if len(compared) < 2:
        raise XaiError("Agreement needs at least two methods that explain single rows.")
    agreement = _agree(results, methods, int(job["seed"]))
    target.mkdir(parents=True, exist_ok=True)
    write_agreement(agreement, target)
    facts = dict(job) | {"scope": "agreement", "evaluations": 0, "version": code_version()}
    write_folder(target, {}, facts)
    return facts


def _agree(results: Results, methods: list[MethodResult], seed: int) -> Agreement:
    if methods[0].is_ragged:
        return agree_units(*common_units.gather(results, methods), seed=seed)
    ranked = {
        method.slug: Ranked(
            names=tuple(method.names),
            values=method.values.astype(np.float64),
            members=method.members,
            is_signed=method.is_signed,
            family=method.family,
            is_stochastic=bool(method.job.get("is_stochastic")),
            samples=method.samples,
        )
        for method in methods
    }
    return agree(ranked, seed=seed)
