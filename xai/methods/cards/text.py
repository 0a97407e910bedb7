"""The cards of the methods for text classifiers."""

from __future__ import annotations

from xai.methods.card import Card
from xai.methods.cards import units
from xai.methods.cards.heads import ATTENTION_HEADS

CARDS: tuple[Card, ...] = (
    units.SHAPLEY,
    units.INTEGRATED_GRADIENTS,
    units.OCCLUSION,
    units.LIME,
    units.GRADIENT_SHAP,
    units.INPUT_X_GRADIENT,
    units.DEEPLIFT,
    units.ATTENTION_RELEVANCE,
    units.ATTENTION_ROLLOUT,
    units.ATTENTION_LAST,
    ATTENTION_HEADS,
    units.RANDOM,
)
"""In the order of the form and the pages."""
