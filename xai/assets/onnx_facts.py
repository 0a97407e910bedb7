"""What there is to say about an ONNX model, from its graph and one trial."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from xai.assets.model import Feature, ModelFacts
from xai.assets.table import Column
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from xai.assets.onnx_file import Contents
    from xai.vocabulary import Floats, OutputUnit

PROBES = 8


def features_of(contents: Contents) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    """Return the features and the type of each."""
    features: list[Feature] = []
    kinds: list[str] = []
    for given in contents.inputs:
        for position in range(given.width):
            several = f"{given.name}_{position}" if len(contents.inputs) > 1 else f"f{position}"
            name = given.name if given.width == 1 else several
            if contents.names:
                name = contents.names[len(features)]
            words = given.words if given.width == 1 else ()
            kind: Literal["number", "category", "any"]
            kind = "number" if given.dtype != "O" else "category" if words else "any"
            features.append(Feature(name, kind, words))
            kinds.append(given.dtype)
    return tuple(features), tuple(kinds)


def invented(features: tuple[Feature, ...]) -> tuple[tuple[Column, ...], Floats]:
    """Return columns and rows of plausible values."""
    draw = np.random.default_rng(0)
    rows = draw.integers(0, 3, (PROBES, len(features))).astype(np.float64)
    columns = []
    for position, feature in enumerate(features):
        words = feature.categories or ("a", "b", "c")
        is_text = feature.kind != "number"
        columns.append(Column(feature.name, "category", words) if is_text else Column(
            feature.name, "number"))  # fmt: skip
        if is_text:
            rows[:, position] %= len(words)
        else:
            rows[:, position] += draw.integers(0, 50)
    return tuple(columns), rows


def facts_of(
    contents: Contents, features: tuple[Feature, ...], tried: Floats, form: str
) -> ModelFacts:
    """Return the facts; `tried` are the scores of a few invented rows, shape (rows, k).

    Raises
    ------
    RefusedFile
        If the graph predicts several values at once.
    """
    width = tried.shape[1]
    is_regressor = any(name.endswith("Regressor") for name in contents.operators)
    is_single = contents.last == "Sigmoid" and width == 1
    is_class = is_single or contents.has_label or (width > 1 and not is_regressor)
    if not is_class and width > 1:
        raise RefusedFile(f"This ONNX model predicts {width} values at once; export one target.")
    outputs: tuple[str, ...] = ("value",)
    capabilities: tuple[str, ...] = ()
    notes: list[str] = []
    unit: OutputUnit = "value"
    if is_class:
        unit, capabilities, notes = _unit(contents, tried, is_single=is_single)
        outputs = contents.classes
        if len(outputs) != max(2, width):
            outputs = tuple(str(i) for i in range(max(2, width)))
    if contents.batch:
        notes = [*notes, f"The graph takes {contents.batch} rows at a time, so it is slow."]
    return ModelFacts(
        format=form,
        architecture=_architecture(contents),
        problem="classification" if is_class else "regression",
        features=features,
        has_names=bool(contents.names) or all(g.width == 1 for g in contents.inputs),
        outputs=outputs,
        output=unit,
        capabilities=capabilities,
        parameters=contents.parameters or None,
        trees=contents.trees or None,
        notes=tuple(notes),
    )


def _unit(
    contents: Contents, tried: Floats, *, is_single: bool
) -> tuple[OutputUnit, tuple[str, ...], list[str]]:
    """Tell probabilities from logits by what the graph puts out."""
    within = bool(((tried >= -1e-6) & (tried <= 1 + 1e-6)).all())
    sums = np.ones(len(tried)) if is_single else tried.sum(axis=1)
    if within and np.allclose(sums, 1, atol=1e-3):
        return "probability", ("probability",), []
    if any(name.endswith("Classifier") for name in contents.operators):
        return "margin", (), ["The graph puts out scores, not probabilities; they are explained."]
    return "logit", ("probability",), ["Probabilities are the softmax of the graph's logits."]


def _architecture(contents: Contents) -> str:
    special = [n for n in contents.operators if n.endswith(("Classifier", "Regressor"))]
    origin = f" from {contents.producer}" if contents.producer else ""
    if special:
        parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+", special[0])
        words = " ".join(part if part.isupper() else part.lower() for part in parts)
        size = f", {contents.trees} trees" if contents.trees else ""
        return f"ONNX {words}{size}{origin}"
    names = ", ".join(name for name, _ in contents.operators.most_common(3))
    return f"ONNX graph of {sum(contents.operators.values())} operators ({names}){origin}"
