"""The cards of the methods for image classifiers."""

from __future__ import annotations

from xai.methods.card import Card
from xai.methods.cards.craft import CRAFT

CARDS: tuple[Card, ...] = (CRAFT,)
"""In the order of the form and the pages."""
