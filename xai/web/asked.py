"""Which fields the form of a new explanation has, by kind of model."""

from __future__ import annotations

from typing import Any

from xai.methods import catalogue

OF_KINDS = {
    "target", "label", "features", "background", "text", "pair", "score", "continuation", "tokens",
    "temperature", "replacer",
}  # fmt: skip
FIELDS = {
    catalogue.TABULAR: {"target", "label", "features", "background"},
    catalogue.TEXT: {"target", "label", "text", "pair", "score"},
    catalogue.GENERATION: {"text", "continuation", "tokens", "temperature", "replacer"},
    catalogue.IMAGES: {"target"},
}
"""Which of the fields that not every kind of model has it has."""


def targets(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the choices of the output to explain."""
    if facts["problem"] == "regression":
        return [("value", "The predicted value")]
    names = [(name, f"Always “{name}”") for name in facts["outputs"]]
    return [("", "The predicted class of each row"), *names]


def submission(form: Any) -> dict[str, Any]:
    """Return what `tasks.queue.submit` wants to know of a valid form."""
    files = {"model": form.model, "dataset": form.dataset}
    return {"recipe": form.recipe(), **files, "replacer": form.cleaned_data.get("replacer")}
