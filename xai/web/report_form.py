"""What may be asked of a report."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.timezone import now

from xai.analyses.catalogue import ANALYSES
from xai.errors import XaiError
from xai.jail import browser
from xai.reports.outline import SAMPLES_MOST, SECTIONS, TITLE_MOST, outline
from xai.web.models.reports import BUNDLE, PDF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xai.web.landed import Landed

FILES = ((PDF, "PDF"), (BUNDLE, "Bundle with every number (.zip)"))
DAYS = (("", "It is revoked"), ("7", "7 days are over"), ("30", "30 days are over"),
        ("365", "A year is over"))  # fmt: skip


class ReportForm(forms.Form):
    """Title, sections, rows and files of a report."""

    title = forms.CharField(
        label="Title", max_length=TITLE_MOST, required=False,
        help_text="Empty: the names of the model and the data.",
    )  # fmt: skip
    samples = forms.CharField(
        label="Single rows", max_length=2000, required=False,
        help_text="Counted from 0, such as 3,7,10:20, or all "
        f"(at most {SAMPLES_MOST}). Empty: a few, from the most to the least disputed.",
    )  # fmt: skip
    sections = forms.MultipleChoiceField(
        label="Sections", widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one section."},
    )  # fmt: skip
    beside = forms.MultipleChoiceField(
        label="Beside the HTML file", widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, data: Any, landed: Landed) -> None:
        super().__init__(data)
        self._landed = landed
        offered = sections(landed)
        self._offer("sections", [(key, SECTIONS[key]) for key in offered])
        self.can_print = browser.find() is not None
        self._offer("beside", [one for one in FILES if one[0] != PDF or self.can_print])

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        field = self.fields[name]
        field.choices = list(choices)  # type: ignore[attr-defined]
        field.initial = [key for key, _ in field.choices]  # type: ignore[attr-defined]

    def clean_samples(self) -> str:
        """Refuse rows that are not explained, now and not when the worker comes to them."""
        samples = str(self.cleaned_data["samples"])
        try:
            outline("", (), samples, self._landed.results)
        except XaiError as error:
            raise forms.ValidationError(str(error)) from None
        return samples

    def choices(self) -> dict[str, Any]:
        """Return what was chosen, of a valid form."""
        given = self.cleaned_data
        return {
            "sections": given["sections"], "samples": given["samples"], "files": given["beside"],
        }  # fmt: skip


class LinkForm(forms.Form):
    """How long a link is to work."""

    days = forms.ChoiceField(label="The link works until", choices=DAYS, required=False)

    def expires(self) -> Any:
        """Return when it stops working, or None."""
        days = self.cleaned_data["days"]
        return now() + timedelta(days=int(days)) if days else None


def sections(landed: Landed) -> list[str]:
    """Return the sections that a report of this run can have."""
    there = landed.run.more_pages
    pages = {"concepts": "concepts", "strategies": "strategies", "heads": "attention"}
    pages |= {analysis.page: analysis.page for analysis in ANALYSES.values()}
    missing = {section for section, page in pages.items() if page not in there}
    missing |= {name for name in ("agreement", "faithfulness") if name not in landed.folders}
    missing |= set() if landed.run.studies.filter(ballots__isnull=False).exists() else {"people"}
    return [key for key in SECTIONS if key not in missing]
