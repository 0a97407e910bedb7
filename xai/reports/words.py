"""What a run found, in sentences: each with its number, and the page that the number comes from.

The sentences describe; they call significant only what the table of decisions does, and none is
written without its number.
"""

from __future__ import annotations

from xai.methods.catalogue import GENERATION, IMAGES, TEXT
from xai.reports import (
    analyses,
    findings_pictures,
    findings_stories,
    findings_texts,
    importances,
    soft,
    walks,
)
from xai.reports.cautions import cautions
from xai.reports.distrust import distrust
from xai.reports.faithful import faithfulness
from xai.reports.findings import agreement, failures, performance, reliance
from xai.reports.results import Results
from xai.reports.sentence import Sentence, Topic

__all__ = ["TITLES", "Sentence", "sentences"]

TITLES: dict[Topic, str] = {
    "relies": "What the model relies on",
    "agreement": "How far the methods agree",
    "faithfulness": "Which methods are faithful to the model",
    "distrust": "Which methods to distrust here, and why",
    "performance": "How right the model is here",
    "workflow": "What other data say",
    "simpler": "Would a simpler model do",
    "data": "Which rows deserve a look",
    "failed": "What has no result",
    "caution": "What not to conclude",
    "notes": "What was noticed in the files",
}


RELIANCE = {
    TEXT: findings_texts.reliance,
    GENERATION: findings_stories.reliance,
    IMAGES: findings_pictures.reliance,
}
"""How it is said what the model relies on, where not by features."""


def sentences(results: Results) -> list[Sentence]:
    """Return all sentences, findings first, cautions last; the same results give the same words."""
    return [
        *RELIANCE.get(results.kind, reliance)(results),
        *importances.sentences(results),
        *agreement(results),
        *faithfulness(results),
        *soft.sentences(results),
        *distrust(results),
        *performance(results),
        *analyses.sentences(results),
        *failures(results),
        *walks.sentences(results),
        *walks.replaced(results),
        *cautions(results),
    ]
