"""What may be asked beside the explanations: the analyses, and a second dataset for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xai.analyses import catalogue
from xai.errors import InvalidParameter, MissingColumn
from xai.web import fitting
from xai.web.models import Upload

if TYPE_CHECKING:
    from xai.analyses.catalogue import Analysis


@dataclass(frozen=True, slots=True)
class Box:
    """One analysis as the page shows it: a box to tick."""

    card: Analysis
    is_chosen: bool


class Further:
    """The analyses of a form, as ticked now.

    Parameters
    ----------
    data : QueryDict or None
        What was sent; None for a fresh form, in which nothing is ticked.
    """

    def __init__(self, data: Any, model: Upload, dataset: Upload) -> None:
        self._model, self._dataset = model, dataset
        known = catalogue.of(str(model.facts["kind"]))
        ticked = set(data.getlist("analyses")) if data is not None else set()
        self.boxes = [Box(card, slug in ticked) for slug, card in known.items()]
        self.others = self._others() if any(c.needs_external for c in known.values()) else []
        asked = data.get("external", "") if data is not None else ""
        self.external = next((one for one in self.others if str(one.pk) == asked), None)

    @property
    def slugs(self) -> tuple[str, ...]:
        """The ticked ones."""
        return tuple(box.card.slug for box in self.boxes if box.is_chosen)

    @property
    def sha256(self) -> str:
        """Of the second dataset, "" where no ticked analysis wants one."""
        wanted = any(box.card.needs_external for box in self.boxes if box.is_chosen)
        return str(self.external.sha256) if self.external and wanted else ""

    def check(self, label: str, order: tuple[str, ...]) -> None:
        """Refuse an analysis that lacks what it needs, or a second dataset of other columns.

        Raises
        ------
        XaiError
            In one sentence.
        """
        kind = str(self._model.facts["kind"])
        catalogue.check(self.slugs, kind, label=label, external=self.sha256)
        if self.sha256 and self.external is not None:
            check_external(self._model, self.external, label, order)

    def _others(self) -> list[Upload]:
        mine = Upload.objects.filter(owner_id=self._dataset.owner_id).listed().ready()
        tables = mine.filter(purpose=Upload.Purpose.DATASET).exclude(pk=self._dataset.pk)
        kind = self._dataset.facts.get("kind")
        return [one for one in tables if one.facts.get("kind") == kind]


def check_external(model: Upload, external: Upload, label: str, order: tuple[str, ...]) -> None:
    """Refuse a second dataset that lacks a column of the model, or the truth.

    Raises
    ------
    InvalidParameter
    """
    try:
        fitting.matched(model, external, label, order)
    except MissingColumn as error:
        raise InvalidParameter(
            f"The second dataset, {external.name}, does not fit: {error}"
        ) from None
    names = {column.name for column in fitting.columns_of(external)}
    is_whole = len(names) >= external.facts.get("column_count", 0)
    if label and label not in names and is_whole:
        raise InvalidParameter(
            f"The second dataset, {external.name}, has no column {label!r}, which holds the truth "
            "in the first. Add it, or rename the column that should be it."
        )
