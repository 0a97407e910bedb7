"""The step of a run that makes its strategic cluster graphs. Numbers only, no model, no jail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xai.reports import strategies
from xai.reports.results import Results
from xai.runner.folders import write_folder
from xai.runner.version import code_version
from xai.vocabulary import Json

ROLE = strategies.STEP


def evaluate(folders: Mapping[str, Path], target: Path, job: Mapping[str, Json]) -> Json:
    """Make the graph of every merged method among `folders`; write `target`, `job.json` last.

    Parameters
    ----------
    folders : mapping
        Result folders by method slug, and "predictions".
    job : mapping
        {"role", "method", "params", "seed", "key"} of this step.
    """
    tables, facts = strategies.files(Results.gather({}, dict(folders)))
    found = dict(job) | facts | {"scope": ROLE, "evaluations": 0, "version": code_version()}
    write_folder(target, tables, found)
    return found
