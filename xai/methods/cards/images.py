"""The cards of the methods for image classifiers."""

from __future__ import annotations

from xai.methods.card import Card

CARDS: tuple[Card, ...] = ()
"""In the order of the form and the pages."""
