"""The agreement of a run: how alike its merged methods rank. Numbers only, no model, no jail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from xai.errors import XaiError
from xai.evaluation.agreement import CONTROL, SELF, Ranked, agree
from xai.evaluation.files import write_agreement
from xai.reports.results import Results
from xai.runner.merge import write_folder
from xai.runner.version import code_version
from xai.vocabulary import Json


def evaluate(folders: Mapping[str, Path], target: Path, job: Mapping[str, Json]) -> Json:
    """Compare the merged local methods among `folders`; write `target` with `job.json` last.

    Parameters
    ----------
    folders : mapping
        Result folders by method slug, or "self:<slug>"; other keys are ignored.
    job : mapping
        {"role", "method", "params", "seed", "key"} of the agreement job.

    Raises
    ------
    XaiError
        If fewer than two local methods are there.
    """
    results = Results.gather({}, dict(folders))
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
        for method in results.local_methods(with_self=True)
    }
    compared = [
        r for slug, r in ranked.items() if r.family != CONTROL and not slug.startswith(SELF)
    ]
    if len(compared) < 2:
        raise XaiError("Agreement needs at least two methods that explain single rows.")
    agreement = agree(ranked, seed=int(job["seed"]))
    target.mkdir(parents=True, exist_ok=True)
    write_agreement(agreement, target)
    facts = dict(job) | {"scope": "agreement", "evaluations": 0, "version": code_version()}
    write_folder(target, {}, facts)
    return facts
