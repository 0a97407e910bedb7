"""Which model fits which dataset, by their facts alone: a first answer, opening neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xai.assets.labels import guess_label
from xai.assets.matching import Match, match
from xai.assets.model import Feature
from xai.assets.table import Column
from xai.errors import XaiError
from xai.web.models import Upload


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a model and a dataset go together, and why not."""

    other: Upload
    is_fitting: bool
    label: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""


def fits(upload: Upload, others: Iterable[Upload]) -> list[Fit]:
    """Try one upload against uploads of the other purpose; the fitting ones first."""
    is_model = upload.purpose == Upload.Purpose.MODEL
    tried = [
        fit(upload, other, other) if is_model else fit(other, upload, other) for other in others
    ]
    return sorted(tried, key=lambda one: not one.is_fitting)


def fit(model: Upload, dataset: Upload, other: Upload) -> Fit:
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
