"""The first question of a new explanation: which model, which data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from xai.web.models import Upload


class UploadField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice among uploads, each with what inspection found."""

    def label_from_instance(self, upload: Any) -> str:
        """Return name and content, since names repeat."""
        facts = upload.facts
        if "rows" in facts:
            columns = facts.get("column_count") or len(facts.get("columns", ()))
            what = f"{facts['rows']:,} rows, {columns} columns" if columns else f"{facts['rows']:,}"
            return f"{upload.name} ({what if columns else what + ' pictures'})"
        return f"{upload.name} ({facts.get('architecture', 'model')})"


class Picker(forms.Form):
    """The first step: which model, which data."""

    model = UploadField(queryset=None, empty_label="Choose a model")
    dataset = UploadField(queryset=None, empty_label="Choose a dataset")

    def __init__(
        self, data: Any, *, models: QuerySet[Upload], datasets: QuerySet[Upload], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["model"].queryset = models  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = datasets  # type: ignore[attr-defined]
