"""The pages of the analyses: what was found, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai.analyses.catalogue import ANALYSES
from xai.reports import analyses
from xai.reports.results import Results

TITLES = {"workflow": "Clinical workflow", "simpler": "A simpler model", "data": "Data"}
"""The pages, by the name of their address."""


def sections(results: Results, page: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the analyses of a page found, in their order."""
    found = []
    for slug, card in ANALYSES.items():
        content = results.analysis(slug) if card.page == page else None
        if content is not None:
            module = analyses.MODULES[slug]
            found.append(
                {
                    "slug": slug,
                    "card": card,
                    "found": content,
                    "said": module.said(content, results),
                    "shown": module.shown(content, results, query),
                    "template": f"analyses/_{slug}.html",
                }
            )
    return found
