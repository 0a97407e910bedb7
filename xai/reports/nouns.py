"""What samples and units are called, by the kind of model: rows and features, texts and words."""

from __future__ import annotations

from dataclasses import dataclass

from xai.methods.catalogue import GENERATION, IMAGES, TABULAR, TEXT


@dataclass(frozen=True, slots=True)
class Nouns:
    """A sample and a unit, one and many."""

    row: str
    rows: str
    unit: str
    units: str


_OF_KINDS = {
    TABULAR: Nouns("row", "rows", "feature", "features"),
    TEXT: Nouns("text", "texts", "word", "words"),
    GENERATION: Nouns("prompt", "prompts", "word", "words"),
    IMAGES: Nouns("picture", "pictures", "part", "parts"),
}


def nouns(kind: str) -> Nouns:
    """Return the words for a kind of model."""
    return _OF_KINDS.get(kind, _OF_KINDS[TABULAR])
