"""What the analyses found, in sentences, figures and sections: one module for each."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from xai.analyses.catalogue import ANALYSES
from xai.reports.analyses import data, external, peers, simpler
from xai.reports.markup import Html, join
from xai.reports.results import Results
from xai.reports.sentence import Sentence

MODULES: dict[str, ModuleType] = {
    "external": external,
    "simpler": simpler,
    "peers": peers,
    "data": data,
}
"""By slug, in the order of the pages. Each has `said`, `FIGURES` and `written`."""


def sentences(results: Results) -> list[Sentence]:
    """Return what every analysis of a run found."""
    said: list[Sentence] = []
    for slug, module in MODULES.items():
        found = results.analysis(slug)
        if found is not None:
            said += module.said(found, results)
    return said


def draw(results: Results, name: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return a figure of an analysis, named "<analysis>-<figure>".

    Raises
    ------
    KeyError
        If there is no such figure, or the analysis has no result.
    """
    slug, _, figure = name.partition("-")
    found = results.analysis(slug) if slug in MODULES else None
    if found is None:
        raise KeyError(name)
    drawn: dict[str, Any] = MODULES[slug].FIGURES[figure](found, results, query)
    return drawn


def section(page: str, results: Results) -> Html:
    """Return the section of the report that stands for a page; empty without a result."""
    parts = []
    for slug, module in MODULES.items():
        found = results.analysis(slug) if ANALYSES[slug].page == page else None
        if found is not None:
            parts.append(module.written(found, results))
    return join(parts)
