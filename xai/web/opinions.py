"""What people said in the blind comparisons of a run: counted, listed, put into a report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xai.evaluation.plausibility import MARKED, PICKED, tally
from xai.reports import blind
from xai.reports.results import PEOPLE, Results
from xai.reports.spreadsheet import written
from xai.vocabulary import Json
from xai.web.landed import Landed
from xai.web.models import Ballot, Study

HEADS = ("study", "person", "when", "row", "question", "order shown", "picked", "marked")


def found(study: Study, results: Results) -> dict[str, Json]:
    """Return the tally of one study, as the page, the report and the bundle show it."""
    ballots = [one.said() for one in answers(study)]
    marked = {one.sample for one in ballots if one.kind == MARKED}
    values = {
        (slug, sample): blind.values(results, slug, sample)
        for slug in study.methods
        for sample in sorted(marked)
    }
    return {
        "title": study.title,
        "asks": list(study.kinds),
        "methods": list(study.methods),
        "rows": list(study.samples),
        "seed": study.seed,
        "passed": study.ballots.filter(is_passed=True).count(),
        **tally(ballots, values, study.methods),
    }


def answers(study: Study) -> list[Ballot]:
    """Return the answers that say something, the oldest first."""
    return list(study.ballots.filter(is_passed=False))


def table(studies: Iterable[Study], results: Results, *, named: bool) -> str:
    """Return every answer as CSV.

    Parameters
    ----------
    named : bool
        With the people's names, for the owner; else numbered, for a report that goes out.
    """
    rows: list[list[Any]] = []
    for study in studies:
        numbers: dict[str, str] = {}
        for one in study.ballots.all():
            number = numbers.setdefault(one.name, f"person {len(numbers) + 1}")
            rows.append(_row(study, one, results, one.name if named else number))
    return written(HEADS, rows)


def add_to(landed: Landed, folder: Path) -> Results:
    """Return the results with what people said, written to a folder; as they are if nobody did."""
    studies = list(Study.objects.filter(run=landed.run, ballots__isnull=False).distinct())
    results = landed.results
    if not studies:
        return results
    folder.mkdir()
    told = {"studies": [found(study, results) for study in studies]}
    text = json.dumps(told, indent=1, allow_nan=False)
    (folder / "plausibility.json").write_text(text + "\n", encoding="utf-8")
    text = table(studies, results, named=False)
    (folder / "answers.csv").write_text(text, encoding="utf-8-sig", newline="")
    return Results.gather(results.manifest, landed.folders | {PEOPLE: folder})


def _row(study: Study, one: Ballot, results: Results, person: str) -> list[Any]:
    marked = ""
    if one.kind == MARKED and not one.is_passed:
        units = blind.units(results, one.sample)
        marked = "; ".join(units[i].name for i in one.marks) or "nothing"
    picked = (one.picked or "none") if one.kind == PICKED else ""
    return [
        study.title,
        person,
        one.changed.isoformat(timespec="seconds"),
        one.sample,
        one.kind,
        ", ".join(one.shown),
        "could not say" if one.is_passed else picked,
        marked,
    ]
