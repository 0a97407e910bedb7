"""What a report holds: its title, its sections, and the samples that are shown in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from xai.errors import InvalidParameter
from xai.figures.parts import plain
from xai.reports.results import Results

SECTIONS = {
    "asked": "What was asked",
    "verdict": "In words",
    "importance": "Importance",
    "concepts": "Concepts",
    "strategies": "Strategies",
    "heads": "Attention heads",
    "agreement": "Agreement",
    "faithfulness": "Faithfulness",
    "workflow": "Other data",
    "simpler": "A simpler model",
    "data": "Data",
    "people": "What people find plausible",
    "samples": "Single rows",
    "methods": "Methods",
    "facts": "Model and data",
    "limits": "Limits",
    "reproduce": "Do it again",
    "reading": "How to read",
}
"""In the order of the report. A section without anything to say is left out of it."""

TITLE_MOST = 120
SAMPLES_MOST = 100
_RANGE = re.compile(r"(\d{1,12})(?::(\d{1,12}))?")


@dataclass(frozen=True, slots=True)
class Outline:
    """What a person chose for a report.

    Attributes
    ----------
    title : str
        Empty: the names of the model and the data.
    sections : tuple of str
        Keys of `SECTIONS`.
    samples : tuple of int
        Rows of the dataset to show; empty: a few from the most to the least disputed.
    with_pdf : bool
        Print it too.
    """

    title: str = ""
    sections: tuple[str, ...] = tuple(SECTIONS)
    samples: tuple[int, ...] = ()
    with_pdf: bool = False


def outline(title: str, sections: Iterable[str], samples: str, results: Results) -> Outline:
    """Read what was chosen.

    Parameters
    ----------
    sections : iterable of str
        None of them means all.
    samples : str
        "3, 7, 10:20" (10 up to 19), "all", or empty.

    Raises
    ------
    InvalidParameter
        If a section is not known, or a row is not among the explained.
    """
    chosen = tuple(sections)
    check_sections(chosen)
    kept = tuple(section for section in SECTIONS if section in chosen) or tuple(SECTIONS)
    return Outline(plain(title).strip()[:TITLE_MOST], kept, _samples(samples, results))


def check_sections(sections: Iterable[str]) -> None:
    """Raise `InvalidParameter` if a section is not known."""
    for section in sections:
        if section not in SECTIONS:
            raise InvalidParameter(
                f"A report has no section {section[:40]!r}. Its sections are: "
                f"{', '.join(SECTIONS)}."
            )


def _samples(text: str, results: Results) -> tuple[int, ...]:
    asked = re.sub(r"\s+", "", text).lower()
    if not asked:
        return ()
    there = [int(sample) for sample in results.predictions.samples]
    if asked == "all":
        return tuple(there[:SAMPLES_MOST])
    known = set(there)
    rows = [row for part in asked.strip(",").split(",") for row in _rows(part, known)]
    chosen = tuple(dict.fromkeys(rows))
    if len(chosen) > SAMPLES_MOST:
        raise InvalidParameter(f"A report shows at most {SAMPLES_MOST} rows, not {len(chosen)}.")
    return chosen


def _rows(part: str, known: set[int]) -> list[int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise InvalidParameter(
            f"Rows of a report cannot be chosen by {part[:40]!r}. Write rows as 3,7,10:20 or all."
        )
    first = int(match[1])
    if match[2] is None:
        if first not in known:
            raise InvalidParameter(f"Row {first} is not among the explained rows.")
        return [first]
    found = [row for row in sorted(known) if first <= row < int(match[2])]
    if not found:
        raise InvalidParameter(f"No row of {part} is among the explained rows.")
    return found
