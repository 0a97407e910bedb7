"""The methods by kind of model and slug: light to import, the website and the command line read it.

A method may explain several kinds of model: its slug and its title are then the same, its
parameters, its cost and its module may differ.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xai.errors import InvalidParameter
from xai.methods.cards import generation, images, tabular, text

if TYPE_CHECKING:
    from types import ModuleType

    from xai.methods.card import Card

TABULAR, TEXT = "tabular", "text-classification"
GENERATION, IMAGES = "text-generation", "image-classification"

KINDS: dict[str, dict[str, Card]] = {
    kind: {card.slug: card for card in module.CARDS}
    for kind, module in (
        (TABULAR, tabular),
        (TEXT, text),
        (GENERATION, generation),
        (IMAGES, images),
    )
}
"""The methods of each kind of model; the order is that of the form and the pages."""

CATALOGUE: dict[str, Card] = {}
"""Every slug once, for titles and colours."""
for _cards in KINDS.values():
    CATALOGUE = _cards | CATALOGUE


def of(kind: str) -> dict[str, Card]:
    """Return the methods for a kind of model, by slug.

    Raises
    ------
    InvalidParameter
        If there is no such kind; the message lists those there are.
    """
    if kind not in KINDS:
        raise InvalidParameter(f"There is no kind {kind!r}; the kinds are: {', '.join(KINDS)}.")
    return KINDS[kind]


def card(slug: str, kind: str = TABULAR) -> Card:
    """Return the card of a method.

    Raises
    ------
    InvalidParameter
        If there is no such method; the message lists those there are.
    """
    cards = of(kind)
    if slug not in cards:
        raise InvalidParameter(f"There is no method {slug!r}; the methods are: {', '.join(cards)}.")
    return cards[slug]


def load(slug: str, kind: str = TABULAR) -> ModuleType:
    """Import the module of a method: `Params`, and `attribute` (local) or `rank` (global)."""
    return import_module(card(slug, kind).module)


def recommended(kind: str) -> tuple[str, ...]:
    """Return the methods a new run of this kind starts with."""
    return tuple(slug for slug, entry in of(kind).items() if entry.is_recommended)
