"""What may be asked of people: which methods, on which rows, in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from xai.errors import XaiError
from xai.evaluation.agreement import CONTROL
from xai.reports import blind
from xai.reports.outline import outline
from xai.web.models import Study
from xai.web.models.studies import TITLE_MOST

if TYPE_CHECKING:
    from xai.reports.results import Results
    from xai.web.landed import Landed

METHODS_MOST, FEW = 8, 5
ROWS = 20
"""Rows asked about where nothing else is said: an hour of a patient person."""


class StudyForm(forms.Form):
    """Another blind comparison."""

    title = forms.CharField(
        label="Title", max_length=TITLE_MOST, initial="Which explanation makes sense?",
        help_text="Invited people read it. Name no method in it.",
    )  # fmt: skip
    asks = forms.ChoiceField(
        label="What to ask", choices=Study.Asks.choices, initial=Study.Asks.BOTH,
        help_text="Marks come first, before any explanation is seen.",
    )  # fmt: skip
    rows = forms.CharField(
        label="Rows", max_length=2000, required=False,
        help_text=f"Counted from 0, such as 3,7,10:20, or all. Empty: {ROWS} of those explained, "
        "from the most to the least disputed.",
    )  # fmt: skip
    methods = forms.MultipleChoiceField(label="Methods", widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any, landed: Landed) -> None:
        super().__init__(data)
        self._results = landed.results
        found = blind.can_be_asked(landed.results)
        field = self.fields["methods"]
        field.choices = [(one.slug, one.title) for one in found]  # type: ignore[attr-defined]
        field.initial = _first([one.slug for one in found if one.family != CONTROL]) + [
            one.slug for one in found if one.family == CONTROL
        ]

    def clean_methods(self) -> list[str]:
        """Keep the choice small enough to be judged at a glance."""
        chosen = list(self.cleaned_data["methods"])
        if not 2 <= len(chosen) <= METHODS_MOST:
            raise forms.ValidationError(f"Choose two to {METHODS_MOST} methods.")
        return chosen

    def clean_rows(self) -> str:
        """Refuse rows that are not explained."""
        text = str(self.cleaned_data["rows"])
        try:
            outline("", (), text, self._results)
        except XaiError as error:
            raise forms.ValidationError(str(error)) from None
        return text

    def save(self, landed: Landed) -> Study:
        """Write the study of a valid form."""
        given = self.cleaned_data
        rows = list(outline("", (), given["rows"], self._results).samples)
        return Study.objects.create(
            run=landed.run,
            title=given["title"],
            asks=given["asks"],
            methods=given["methods"],
            samples=rows or _spread(self._results),
        )


def _first(slugs: list[str]) -> list[str]:
    return slugs[:FEW]


def _spread(results: Results) -> list[int]:
    """Return rows at even steps from the most to the least disputed."""
    known = results.agreement
    rows = [int(row["sample"]) for row in known["samples"]] if known else []
    rows = rows or [int(sample) for sample in results.predictions.samples]
    if len(rows) <= ROWS:
        return rows
    return [rows[round(i * (len(rows) - 1) / (ROWS - 1))] for i in range(ROWS)]
