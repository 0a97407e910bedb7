"""The masked language model of a run: a second upload, which lends words to `reagent`."""

from __future__ import annotations

from collections.abc import Mapping

from xai.errors import InvalidParameter
from xai.methods.catalogue import GENERATION
from xai.vocabulary import Json, Recipe

KIND = "fill-mask"
"""Of a masked language model, as inspection names it."""
METHOD, SOURCE = "reagent", "masked"


def check(recipe: Recipe) -> None:
    """Refuse a source of replacements without its model, and a model that nothing would use.

    Raises
    ------
    InvalidParameter
        With the way to mend it.
    """
    sources = {c.params.get("source") for c in recipe.methods if c.slug == METHOD}
    if recipe.replacer and recipe.kind != GENERATION:
        raise InvalidParameter(
            "A masked language model lends words to explanations of language models only. Leave "
            "it out."
        )
    if SOURCE in sources and not recipe.replacer:
        raise InvalidParameter(
            "ReAGent’s replacement source is “masked”, but no masked language model is named. Name "
            "one (--replacer), or choose another source."
        )
    if recipe.replacer and SOURCE not in sources:
        raise InvalidParameter(
            "A masked language model is named, but ReAGent does not use it. Set its source to "
            "“masked” (--param reagent.source=masked), or leave the model out."
        )


def is_masked(facts: Mapping[str, Json]) -> bool:
    """Return whether these are the facts of a masked language model."""
    return facts.get("kind") == KIND
