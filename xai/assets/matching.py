"""Find the columns of a dataset that a model needs, by name or, for lack of names, by position."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai.assets.labels import guess_label, label_codes, label_notes
from xai.assets.names import find_by_name, normal
from xai.assets.wording import count, listed, quoted
from xai.errors import InvalidParameter, MissingColumn

if TYPE_CHECKING:
    from xai.assets.model import Feature
    from xai.assets.table import Column

__all__ = ("Match", "guess_label", "label_codes", "label_notes", "match")


@dataclass(frozen=True, slots=True)
class Match:
    """Which column feeds each feature.

    Attributes
    ----------
    indices : tuple of int
        For each feature of the model, in its order, the position of its column.
    notes : list of str
        What was assumed, in sentences.
    """

    indices: tuple[int, ...]
    notes: list[str]


def match(
    features: tuple[Feature, ...],
    columns: tuple[Column, ...],
    *,
    has_names: bool,
    order: tuple[str, ...] = (),
    label: str = "",
) -> Match:
    """Find a column for every feature.

    Parameters
    ----------
    has_names : bool
        False for a model that carries no names of its own.
    order : tuple of str
        Names of columns in the order of such a model; empty: the order of the file.
    label : str
        Column that holds the truth, which is not fed to the model by chance.

    Raises
    ------
    MissingColumn
        If a feature has no column, or more than one could be it; the message names them.
    InvalidParameter
        If `order` has the wrong length.
    """
    if has_names:
        wanted = [feature.name for feature in features]
        indices, notes = _by_name(wanted, columns, label)
    elif order:
        _check_order(order, len(features))
        indices, notes = _by_name(list(order), columns, label)
    else:
        indices, notes = _by_position(len(features), columns, label)
    notes += _ignored(indices, columns, label) + _unseen(features, indices, columns)
    return Match(tuple(indices), notes)


def _by_name(
    wanted: list[str], columns: tuple[Column, ...], label: str
) -> tuple[list[int], list[str]]:
    found, ambiguous = find_by_name(wanted, columns, label)
    if ambiguous:
        which, choices = next(iter(ambiguous.items()))
        raise MissingColumn(
            f"The model needs {quoted(wanted[which])}, and more than one pairing with "
            f"{listed([quoted(name) for name in choices])} is possible. Name the column exactly "
            "as the model does."
        )
    missing = [name for which, name in enumerate(wanted) if which not in found]
    if missing:
        free = [c.name for p, c in enumerate(columns) if p not in set(found.values())]
        raise MissingColumn(_missing_sentence(missing, free))
    indices = [found[which] for which in range(len(wanted))]
    renamed = [
        f"{quoted(columns[position].name)} as {quoted(name)}"
        for name, position in zip(wanted, indices, strict=True)
        if columns[position].name != name
    ]
    return indices, [f"Read under the model's name: {listed(renamed)}."] if renamed else []


def _missing_sentence(missing: list[str], free: list[str]) -> str:
    by_normal = {normal(name): name for name in reversed(free)}
    closest = []
    for name in missing[:3]:
        near = difflib.get_close_matches(normal(name), list(by_normal), n=1, cutoff=0.6)
        closest += [f"{quoted(by_normal[text])} is closest to {quoted(name)}" for text in near]
    names = listed([quoted(name) for name in missing])
    is_one = len(missing) == 1
    ending = f"; {listed(closest)}." if closest else "."
    return (
        f"The data has no column{'' if is_one else 's'} {names}, which the model needs. "
        f"Add {'it' if is_one else 'them'}, or rename the column"
        f"{'' if is_one else 's'} that should be {'it' if is_one else 'them'}{ending}"
    )


def _check_order(order: tuple[str, ...], features: int) -> None:
    if len(order) != features:
        raise InvalidParameter(
            f"The model takes {count(features, 'column')}, but {len(order)} were put in order. "
            f"Name exactly {features}."
        )


def _by_position(
    features: int, columns: tuple[Column, ...], label: str
) -> tuple[list[int], list[str]]:
    usable = [position for position, column in enumerate(columns) if column.name != label]
    if len(usable) != features:
        without = f" without the label {quoted(label)}" if label else ""
        raise MissingColumn(
            f"The model takes {count(features, 'column')} but does not name them, and the data "
            f"has {len(usable)}{without}. Say which columns it takes, in its order, or leave the "
            "others out of the file."
        )
    inside = listed([quoted(columns[position].name) for position in usable], 12)
    return usable, [
        "This model does not name its columns, so they are taken in the order of the file: "
        f"{inside}. If the model was trained in another order, every result here is wrong; "
        "set the order."
    ]


def _ignored(indices: list[int], columns: tuple[Column, ...], label: str) -> list[str]:
    used = set(indices)
    names = [c.name for p, c in enumerate(columns) if p not in used and c.name != label]
    if not names:
        return []
    inside = listed([quoted(name) for name in names])
    return [f"The model does not use {count(len(names), 'column')} of the data: {inside}."]


def _unseen(
    features: tuple[Feature, ...], indices: list[int], columns: tuple[Column, ...]
) -> list[str]:
    """Name categories of the data that the model never saw in training."""
    notes = []
    for feature, position in zip(features, indices, strict=True):
        column = columns[position]
        if not feature.categories or column.kind != "category":
            continue
        new = sorted(set(column.categories) - set(feature.categories))
        if new:
            values = listed([quoted(value) for value in new], 5)
            notes.append(
                f"{quoted(column.name)} holds {count(len(new), 'value')} that the model did not "
                f"see in training: {values}."
            )
    return notes
