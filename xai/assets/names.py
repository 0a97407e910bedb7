"""Names of columns that mean the same, from exactly alike to alike but for punctuation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai.assets.table import Column


def normal(name: str) -> str:
    """Return a name without case and punctuation: `Education-Num ` becomes `education_num`."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


# From strict to lenient: a later form is used only for what the earlier ones left over.
FORMS: tuple[Callable[[str], str], ...] = (
    str,
    str.strip,
    lambda name: name.strip().casefold(),
    normal,
)


def find_by_name(
    wanted: Sequence[str], columns: tuple[Column, ...], label: str = ""
) -> tuple[dict[int, int], dict[int, list[str]]]:
    """Return the column of each wanted name that has one, and the choices of the ambiguous.

    Both are keyed by the position in `wanted`.
    """
    found: dict[int, int] = {}
    ambiguous: dict[int, list[str]] = {}
    for form in FORMS:
        taken = set(found.values())
        # The label feeds the model only if the model asks for it by its exact name.
        free = [
            (position, column.name)
            for position, column in enumerate(columns)
            if position not in taken and (column.name != label or form is str)
        ]
        left = [(w, name) for w, name in enumerate(wanted) if w not in found and w not in ambiguous]
        places, asked = _grouped(free, form), _grouped(left, form)
        for text, which in asked.items():
            here = places.get(text, [])
            if len(here) == len(which) == 1:
                found[which[0]] = here[0]
            elif here:
                ambiguous |= {one: [columns[position].name for position in here] for one in which}
    return found, ambiguous


def _grouped(names: list[tuple[int, str]], form: Callable[[str], str]) -> dict[str, list[int]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in names:
        if text := form(name):
            groups[text].append(position)
    return groups
