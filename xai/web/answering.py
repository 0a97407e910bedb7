"""What a person is asked next in a blind comparison, and what an answer may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xai.errors import InvalidParameter
from xai.evaluation.plausibility import MARKED, PICKED
from xai.methods.catalogue import IMAGES, TABULAR
from xai.reports import blind
from xai.reports.results import Results
from xai.web.models import Ballot, Study

NONE = "none"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one person.

    Attributes
    ----------
    kind : "marks" or "picks"
    place, of : int
        Which question this is, counted from 1.
    """

    sample: int
    kind: str
    place: int
    of: int


def next_for(study: Study, person: Any) -> Question | None:
    """Return the first question that this person has not answered, or None."""
    done = set(study.ballots.filter(person=person).values_list("sample", "kind"))
    every = [(sample, kind) for sample in study.order(person) for kind in study.kinds]
    for place, (sample, kind) in enumerate(every, start=1):
        if (sample, kind) not in done:
            return Question(sample, kind, place, len(every))
    return None


def keep(study: Study, person: Any, given: Mapping[str, Any], marks: list[str]) -> None:
    """Write an answer down; the same question answered again keeps the last answer.

    Parameters
    ----------
    given : mapping
        "sample", "kind", and "pass" or "picked" of the form.
    marks : list of str
        Units that were ticked.

    Raises
    ------
    InvalidParameter
        If it is no answer to a question of this study.
    """
    sample, kind = _asked(study, given)
    values: dict[str, Any] = {
        "name": person.get_username(), "is_passed": bool(given.get("pass")),
        "picked": "", "marks": [], "shown": [],
    }  # fmt: skip
    if kind == PICKED:
        values["shown"] = study.shown(person, sample)
        if not values["is_passed"]:
            values["picked"] = _picked(given.get("picked", ""), values["shown"])
    elif not values["is_passed"]:
        values["marks"] = _marks(marks)
    Ballot.objects.update_or_create(
        study=study, person=person, sample=sample, kind=kind, defaults=values
    )


def check_marks(marks: list[str], results: Results, sample: int) -> None:
    """Raise `InvalidParameter` if a unit is marked that the sample does not have."""
    count = len(blind.units(results, sample))
    if any(mark >= count for mark in _marks(marks)):
        raise InvalidParameter("This row has no such unit.")


def page(study: Study, person: Any, question: Question, results: Results) -> dict[str, Any]:
    """Return what the page shows of a question: never the name of a method."""
    sample = question.sample
    found: dict[str, Any] = {"kind": results.kind, "question": question}
    at = results.sample_index(sample)
    found["target"] = results.predictions.targets[at]
    is_picture = results.kind == IMAGES
    if is_picture:
        found["picture"] = results.samples[sample]["jpeg"]
    if question.kind == MARKED:
        found["units"] = list(enumerate(blind.units(results, sample)))
        found["columns"] = blind.grid(results, sample)[1] if is_picture else 0
        return found
    shown = study.shown(person, sample)
    found["options"] = blind.options(results, sample, shown)
    if results.kind == TABULAR:
        found["lines"] = blind.lines(results, sample, shown)
    return found


def _asked(study: Study, given: Mapping[str, Any]) -> tuple[int, str]:
    sample, kind = str(given.get("sample", "")), str(given.get("kind", ""))
    known = {str(one): int(one) for one in study.samples}
    if sample not in known or kind not in study.kinds:
        raise InvalidParameter("This question is not part of the comparison.")
    return known[sample], kind


def _picked(letter: str, shown: list[str]) -> str:
    if letter == NONE:
        return ""
    letters = {chr(ord("A") + i): slug for i, slug in enumerate(shown)}
    if letter not in letters:
        raise InvalidParameter("Choose one of the explanations, or none of them.")
    return letters[letter]


def _marks(marks: list[str]) -> list[int]:
    if not all(mark.isdigit() and len(mark) < 7 for mark in marks):
        raise InvalidParameter("This row has no such unit.")
    return sorted({int(mark) for mark in marks})
