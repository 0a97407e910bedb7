"""The cards of the methods for text classifiers."""

from __future__ import annotations

from xai.methods.card import Card
from xai.methods.cards.units import LIME, OCCLUSION, RANDOM, SHAPLEY

CARDS: tuple[Card, ...] = (SHAPLEY, OCCLUSION, LIME, RANDOM)
"""In the order of the form and the pages."""
