"""Sentences about what not to conclude."""

from __future__ import annotations

from collections import Counter

import numpy as np

from xai.reports.correlated import correlated
from xai.reports.faithful import baseline_dependence
from xai.reports.findings import OUTPUT, voters
from xai.reports.method import MethodResult
from xai.reports.nouns import nouns
from xai.reports.phrasing import counted, listed, named, number, percent, share, two
from xai.reports.results import Results
from xai.reports.sentence import Sentence

FEW_ROWS = 30
FEW_UNITS = 8
TOP = 3
GAP = 0.01
"""Completeness gap, as a share of the mean |attribution|, that is worth a word."""


def cautions(results: Results) -> list[Sentence]:
    """Return every caution that applies to these results."""
    methods = voters(results)
    said = [_not_truth(results, methods)] if methods else []
    said += _stand_ins(results) + baseline_dependence(results) + _targets(results)
    said += _few_rows(results, methods) + _few_units(results) + correlated(results)
    said += _background(results, methods)
    for method in methods:
        if len(method.samples):
            said += _groups(method) + _unstable(method) + _incomplete(method)
    return said + [Sentence(note, "run", tone="warn", topic="notes") for note in results.warnings]


def _not_truth(results: Results, methods: list[MethodResult]) -> Sentence:
    several = len(methods) > 1
    text = (
        f"Agreement is not truth: {len(methods)} methods can agree and all be wrong about the "
        "model."
        if several
        else "One method alone shows nothing about its own errors: 0 others were there to differ."
    )
    found = results.faithfulness
    if not found:
        text += f" Faithfulness is not measured here (0 of {len(methods)} tested)."
    return Sentence(text, "agreement" if several else "compare")


def _stand_ins(results: Results) -> list[Sentence]:
    found = results.faithfulness
    if not found:
        return []
    rows = counted(found["samples"], nouns(results.kind).row)
    text = (
        f"Faithfulness is measured on inputs that were made for it, with {len(found['baselines'])} "
        f"ways to fill in what is taken away, on {rows}: the model may never have seen such "
        "inputs, and a method that uses one of these ways itself is favoured by it."
    )
    return [Sentence(text, "faithfulness", "#league")]


def _targets(results: Results) -> list[Sentence]:
    if "predictions" not in results.folders or results.problem == "regression":
        return []
    if results.problem == "generation":
        return _written(results)
    counts = Counter(results.predictions.targets).most_common()
    output = OUTPUT.get(results.unit, "the output")
    row = nouns(results.kind).row
    if not counts:
        return []
    if len(counts) == 1:
        (name, rows) = counts[0]
        text = (
            f"What is explained is the class {named(name)}, on {counted(rows, row)}: "
            f"positive values raised {output} of that class."
        )
        return [Sentence(text, "compare")]
    each = listed([f"{named(name)} on {counted(count, row)}" for name, count in counts])
    text = (
        f"Each {row} is explained for its own predicted class ({each}): positive values raised "
        f"{output} of that class, so signs of different {row}s may speak of different classes."
    )
    return [Sentence(text, "compare")]


def _written(results: Results) -> list[Sentence]:
    """Say that tokens, not texts, are explained."""
    tokens = sum(len(facts.get("outputs") or ()) for facts in results.samples.values())
    text = (
        f"What is explained is each of {counted(tokens, 'token')} that follow "
        f"{counted(len(results.samples), 'prompt')}, given all before it: positive values raised "
        "its log-probability. Why the model did not write something else is another question."
    )
    return [Sentence(text, "compare")]


def _few_rows(results: Results, methods: list[MethodResult]) -> list[Sentence]:
    rows = min((_explained(method) for method in methods), default=FEW_ROWS)
    if rows >= FEW_ROWS:
        return []
    words = nouns(results.kind)
    text = (
        f"Only {counted(rows, words.row)} {'is' if rows == 1 else 'are'} explained: intervals are "
        f"wide, and other {words.rows} may give another order of the {words.units}."
    )
    return [Sentence(text, "global", tone="warn")]


def _explained(method: MethodResult) -> int:
    return len(np.unique(method.ragged.samples)) if method.is_ragged else len(method.samples)


def _few_units(results: Results) -> list[Sentence]:
    found = results.agreement
    units = int(found.get("width") or len(found["units"])) if found else 0
    words = nouns(results.kind)
    if not 2 <= units <= FEW_UNITS:
        return []
    spread = np.sqrt(2 * (2 * units + 5) / (9 * units * (units - 1)))
    text = (
        f"With {counted(units, words.unit)}, Kendall's τ of a single {words.row} spreads by about "
        f"±{two(float(spread))} by chance alone: read the mean over {words.rows}, not one of them."
    )
    return [Sentence(text, "agreement")]


def _background(results: Results, methods: list[MethodResult]) -> list[Sentence]:
    rows = results.manifest.get("background")
    own = [m.title for m in methods if m.notes.get("background")]
    if not rows or not own:
        return []
    text = (
        f"{listed(own)} say what sets a row apart from {counted(rows, 'background row')} drawn "
        "from this dataset: against another background the values are others."
    )
    return [Sentence(text, "global")]


def _groups(method: MethodResult) -> list[Sentence]:
    groups = [name for name, own in zip(method.names, method.groups, strict=True) if len(own) > 1]
    if not groups:
        return []
    threshold = method.notes.get("threshold", method.params.get("threshold"))
    least = f" (associated at least {two(float(threshold))})" if threshold is not None else ""
    text = (
        f"{counted(len(groups), 'group')} of features {'moves' if len(groups) == 1 else 'move'} "
        f"together{least}: "
        f"{listed([named(name) for name in groups])}. How a method divides credit inside a group "
        "is its own choice more than the model's: read the group."
    )
    return [Sentence(text, "global", "#dendrogram", "warn")]


def _unstable(method: MethodResult) -> list[Sentence]:
    """Say how often the third and the fourth strongest cannot be told apart."""
    values, error = np.abs(method.values.astype(np.float64)), method.error
    if error is None or values.shape[1] <= TOP:
        return []
    order = np.argsort(-values, axis=1, kind="stable")[:, TOP - 1 : TOP + 1]
    near = np.take_along_axis(values, order, axis=1)
    spread = np.linalg.norm(np.take_along_axis(error.astype(np.float64), order, axis=1), axis=1)
    unclear = int((near[:, 0] - near[:, 1] <= 2 * spread).sum())
    if not unclear:
        return []
    text = (
        f"{method.title}: the top {TOP} is not stable on {share(unclear, len(values))} rows "
        f"({percent(unclear / len(values))}), where the third and the fourth strongest feature lie "
        f"within two standard errors (median standard error {number(float(np.median(error)))})."
    )
    return [Sentence(text, "compare", tone="warn")]


def _incomplete(method: MethodResult) -> list[Sentence]:
    """Say where the values of a method that promises to add up do not."""
    if not method.is_complete or method.error is not None or method.gap is None:
        return []
    worst = float(np.nanmax(method.gap))
    size = float(np.abs(method.values.astype(np.float64)).sum(axis=1).mean())
    if not worst > GAP * size:
        return []
    row = int(method.samples[int(np.nanargmax(method.gap))])
    text = (
        f"{method.title}: the values should add up to the output, but on row {row} "
        f"{number(worst)} is missing."
    )
    return [Sentence(text, "compare", f"?sample={row}", "warn")]
