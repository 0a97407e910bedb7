"""Which columns of a dataset hold texts, told from its facts alone: light enough for the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai.assets.names import normal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xai.vocabulary import Json

TEXTS = (
    "text", "sentence", "review", "content", "document", "body", "message", "comment", "tweet",
    "question", "premise", "query", "input", "utterance", "title",
)  # fmt: skip
PAIRS = (
    "text2", "text_pair", "sentence2", "hypothesis", "question2", "answer", "passage", "context",
)  # fmt: skip
PROMPTS = ("prompt", "context", "question", "input", "instruction", "text")
CONTINUATIONS = ("continuation", "completion", "reference", "response", "output", "answer")
SHORT = 12
"""Mean letters below which a column without a telling name is taken for a category."""


def text_columns(facts: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the columns that can be read as texts, in order.

    Parameters
    ----------
    facts : mapping
        Of a dataset; `mean_length` of a column is in letters, where it holds words.
    """
    columns = facts.get("columns", ())
    return tuple(str(column["name"]) for column in columns if column["kind"] == "category")


def guess_text_columns(facts: Mapping[str, Json]) -> tuple[str, str]:
    """Return the columns of the text and of a second text to compare it with, "" for none."""
    names = text_columns(facts)
    second = _named(names, PAIRS)
    first = _named([n for n in names if n != second], TEXTS)
    if second and not first:
        first, second = second, ""
    return first or _longest(facts, names), second if first else ""


def guess_prompt_columns(facts: Mapping[str, Json]) -> tuple[str, str]:
    """Return the columns of the prompt and of its continuation, "" for none."""
    names = text_columns(facts)
    prompt = _named(names, PROMPTS) or _longest(facts, names)
    rest = [name for name in names if name != prompt]
    return prompt, _named(rest, CONTINUATIONS)


def _named(names: Sequence[str], wanted: Sequence[str]) -> str:
    """Return the column with the first of these names."""
    by_name = {normal(name): name for name in reversed(names)}
    return next((by_name[normal(word)] for word in wanted if normal(word) in by_name), "")


def _longest(facts: Mapping[str, Json], names: Sequence[str]) -> str:
    lengths = {
        str(column["name"]): float(column.get("mean_length") or 0)
        for column in facts.get("columns", ())
    }
    found = max(names, key=lambda name: lengths[name], default="")
    return found if lengths.get(found, 0) >= SHORT else ""
