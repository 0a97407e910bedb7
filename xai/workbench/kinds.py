"""The kinds of model: each has a module that knows how its shards are computed.

Every module offers
`fit(payload) -> facts`: whether model and data go together, refused by an error if not;
`about(payload, recipe) -> facts`: unit, problem, outputs and warnings of every result;
`predictions(payload, recipe, span, progress) -> (arrays, facts)`;
`arena(payload, recipe, span, progress) -> Arena`: where methods are measured, if they can be;
and either `attribute(payload, recipe, span, progress) -> (arrays, facts)` (tables) or
`pose(payload, recipe, seed, start, stop) -> UnitProblem` (all others);
for pictures also `concepts(payload, recipe, seed) -> ConceptProblem`: all chosen ones at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xai.methods import catalogue

if TYPE_CHECKING:
    from types import ModuleType

    from xai.vocabulary import Json, Progress

_MODULES = {
    catalogue.TABULAR: "xai.workbench.tables",
    catalogue.TEXT: "xai.workbench.texts",
    catalogue.GENERATION: "xai.workbench.generation",
    catalogue.IMAGES: "xai.workbench.pictures",
}


def load(kind: str) -> ModuleType:
    """Import the module of a kind; its libraries come with it."""
    catalogue.of(kind)
    return import_module(_MODULES[kind])


def fit(payload: Json, _progress: Progress) -> Json:
    """Say whether a model runs on a dataset, and what was noticed on the way."""
    found: Json = load(payload.get("kind", catalogue.TABULAR)).fit(payload)
    return found
