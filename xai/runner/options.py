"""The choices of the command line, and how they are read for a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.runner.plan import missing_capability
from xai.vocabulary import Json, MethodChoice

TOKENS_DEFAULT = 16
"""Tokens that a language model writes where neither a column nor a person says how many."""
TEMPERATURE_MOST = 5.0
SCORES = ("probability", "logit")
"""Of a text classifier; the first is the usual one."""


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of the command line; empty means the default of the bundle's interface."""

    methods: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    target: str = ""
    rows: str = ""
    label: str = ""
    features: tuple[str, ...] = ()
    text: str = ""
    pair: str = ""
    continuation: str = ""
    tokens: int = 0
    temperature: float = 0.0
    score: str = ""
    background: int = 50
    seed: int = 0
    command: str = ""
    title: str = ""
    sections: tuple[str, ...] = ()
    samples: str = ""
    formats: tuple[str, ...] = ("html",)
    analyses: tuple[str, ...] = ()
    external: Path | None = None
    replacer: Path | None = None
    code: Path | None = None
    """Folder where compiled code for trees is kept; None to compile it anew."""


def choices_of(options: Options, model: Json) -> tuple[MethodChoice, ...]:
    """Return the methods with all parameters: those asked for, or the recommended ones."""
    kind = str(model["kind"])
    slugs = options.methods or tuple(
        slug
        for slug in catalogue.recommended(kind)
        if not missing_capability(catalogue.card(slug, kind), model)
    )
    for slug in slugs:
        why = missing_capability(catalogue.card(slug, kind), model)
        if why:
            raise InvalidParameter(f"{slug} cannot run on this model: it {why}.")
    for slug in options.params:
        if slug not in slugs:
            raise InvalidParameter(f"--param names {slug}, which is not among the methods.")
    return tuple(
        MethodChoice(slug, catalogue.card(slug, kind).read(options.params.get(slug, {})))
        for slug in slugs
    )


def target_of(target: str, facts: Json) -> str:
    """Return the name of the explained class; "" for the predicted one."""
    names = facts["outputs"]
    if facts["problem"] == "regression" or not target:
        return ""
    if target not in names:
        raise InvalidParameter(
            f"The model has no class {target!r}; it has: {', '.join(map(str, names[:20]))}."
        )
    return target


def tokens_of(options: Options, kind: str) -> int:
    """Return how many tokens a language model writes."""
    if options.tokens < 0:
        raise InvalidParameter(f"--tokens must be at least 1, not {options.tokens}.")
    return (options.tokens or TOKENS_DEFAULT) if kind == catalogue.GENERATION else 0


def temperature_of(options: Options, kind: str) -> float:
    """Return how a language model draws."""
    if not 0 <= options.temperature <= TEMPERATURE_MOST:
        raise InvalidParameter(
            f"--temperature must be from 0 to {TEMPERATURE_MOST:g}, not {options.temperature:g}."
        )
    return options.temperature if kind == catalogue.GENERATION else 0.0


def score_of(score: str, kind: str) -> str:
    """Return the score of a text classifier; "" for the usual one."""
    if kind != catalogue.TEXT and score:
        raise InvalidParameter("--score is for text classifiers; this model has one score.")
    if score not in {"", *SCORES}:
        raise InvalidParameter(f"--score must be one of {', '.join(SCORES)}, not {score!r}.")
    return "" if score == SCORES[0] else score
