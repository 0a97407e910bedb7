"""Which model fits which dataset, by their facts alone: a first answer, opening neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xai.assets import texts
from xai.assets.labels import guess_label
from xai.assets.matching import Match, match
from xai.assets.model import Feature
from xai.assets.table import Column
from xai.errors import XaiError
from xai.methods.catalogue import GENERATION, IMAGES, TABULAR
from xai.runner.replacers import is_masked
from xai.web.models import Upload

PICTURES = "images"
"""Kind of a dataset of pictures; the other kind is a table."""
_LENDS = (
    "A masked language model is not explained itself: it lends its words to ReAGent. Choose it in "
    "a new explanation of a language model, as the model that replacements come from."
)
_OTHER = {
    True: "The model reads pictures, and this data is a table.",
    False: "The data are pictures, and the model does not read pictures.",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a model and a dataset go together, and why not."""

    other: Upload
    is_fitting: bool
    label: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    text: str = ""
    pair: str = ""
    continuation: str = ""


def fits(upload: Upload, others: Iterable[Upload]) -> list[Fit]:
    """Try one upload against uploads of the other purpose; the fitting ones first."""
    is_model = upload.purpose == Upload.Purpose.MODEL
    tried = [
        fit(upload, other, other) if is_model else fit(other, upload, other) for other in others
    ]
    return sorted(tried, key=lambda one: not one.is_fitting)


def fit(model: Upload, dataset: Upload, other: Upload) -> Fit:
    """Say whether the data are of the model's kind, and which columns it would read."""
    kind, found = str(model.facts["kind"]), str(dataset.facts["kind"])
    if is_masked(model.facts):
        return Fit(other, is_fitting=False, reason=_LENDS)
    if kind == IMAGES or found == PICTURES:
        is_fitting = kind == IMAGES and found == PICTURES
        reason = "" if is_fitting else _OTHER[kind == IMAGES]
        return Fit(other, is_fitting=is_fitting, reason=reason)
    fit_kind = _fit_table if kind == TABULAR else _fit_texts
    return fit_kind(model, dataset, other)


def _fit_texts(model: Upload, dataset: Upload, other: Upload) -> Fit:
    """Find the column of the text (or prompt), and of the truth."""
    if not texts.text_columns(dataset.facts):
        return Fit(other, is_fitting=False, reason="The data has no column of text to explain.")
    if model.facts["kind"] == GENERATION:
        text = texts.guess_prompt_column(dataset.facts)
        continuation = texts.guess_continuation_column(dataset.facts, text)
        return Fit(other, is_fitting=True, text=text, continuation=continuation)
    text = texts.guess_text_column(dataset.facts)
    pair = texts.guess_pair_column(dataset.facts, text)
    rest = tuple(column for column in columns_of(dataset) if column.name not in {text, pair})
    label = guess_label(rest, (), tuple(model.facts["outputs"]), has_names=True)
    return Fit(other, is_fitting=True, label=label, text=text, pair=pair)


def _fit_table(model: Upload, dataset: Upload, other: Upload) -> Fit:
    """Match the model's features with the dataset's columns by name."""
    outputs = tuple(model.facts.get("outputs", ()))
    label = guess_label(
        columns_of(dataset),
        features_of(model),
        outputs,
        has_names=bool(model.facts["has_names"]),
    )
    try:
        found = matched(model, dataset, label)
    except XaiError as error:
        if len(dataset.facts["columns"]) < dataset.facts.get("column_count", 0):
            note = "The data has more columns than are listed here; the start will tell."
            return Fit(other, is_fitting=True, label=label, notes=(note,))
        return Fit(other, is_fitting=False, label=label, reason=str(error))
    return Fit(other, is_fitting=True, label=label, notes=tuple(found.notes))


def matched(model: Upload, dataset: Upload, label: str, order: tuple[str, ...] = ()) -> Match:
    """Find a column for every feature; `order` names them for a model that does not.

    Raises
    ------
    MissingColumn, InvalidParameter
        If one is missing, or `order` does not name as many as the model takes.
    """
    return match(
        features_of(model),
        columns_of(dataset),
        has_names=bool(model.facts["has_names"]),
        order=order,
        label=label,
    )


def features_of(model: Upload) -> tuple[Feature, ...]:
    """Return the features that inspection found."""
    return tuple(
        Feature(f["name"], f.get("kind", "number"), tuple(f.get("categories", ())))
        for f in model.facts.get("features", ())
    )


def columns_of(dataset: Upload) -> tuple[Column, ...]:
    """Return the columns that inspection found."""
    return tuple(
        Column(c["name"], c["kind"], tuple(c.get("categories", ())))
        for c in dataset.facts.get("columns", ())
    )
