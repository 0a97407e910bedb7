"""Facts of a run of CRAFT: what the concepts miss, how good the dictionaries are, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from xai.methods.concepts import compare, faithfulness, layers, quality
from xai.methods.concepts.classes import Explained
from xai.methods.concepts.words import ConceptProblem, Cut
from xai.vocabulary import Json

if TYPE_CHECKING:
    from xai.methods.concepts.craft import Params

ROWS_MOST = 2_000
"""Rows on which a dictionary is measured."""


def of_class(problem: ConceptProblem, found: Explained, params: Params) -> dict[str, Json]:
    """Return what is known of one class's dictionary and importance."""
    joined, some = found.joined, torch.from_numpy(found.places)
    seen = joined.views[found.places]
    targets = torch.full((len(found.places),), found.group.target)
    rebuilt = joined.dictionary.decode(joined.image_codes[some])
    error = quality.logit_error(joined.head, seen.maps, seen.rest, rebuilt, targets)
    rows = joined.rows.activations
    draw = torch.randperm(len(rows), generator=torch.Generator().manual_seed(problem.seed))
    measured = quality.measure(joined.dictionary, rows[draw[:ROWS_MOST]], problem.seed)
    name = problem.outputs[found.group.target]
    deletion, insertion = faithfulness.curves(found.score, found.values)
    unmoved = int((found.totals.total <= 0).sum())
    plain = {
        "target": name,
        "images": len(found.places),
        "dictionary": joined.dictionary.kind,
        "head": joined.head.form,
        "importance_is_exact": found.score.is_exact and not params.parity,
        "points": 0 if found.score.is_exact and not params.parity else found.points,
        "control_variates": found.totals.controlled,
        "unmoved_images": unmoved,
        "logit_error": _plain(error),
        "deletion": _plain(deletion),
        "insertion": _plain(insertion),
        "reconstruction_error": quality.relative_error(seen.maps, rebuilt),
        "quality": measured.as_json(),
        "warning": _warning(name, error),
    }
    if params.compare:
        plain |= compare.tables(found, problem.seed, params.concepts)
    return plain


def of_all(
    problem: ConceptProblem, cut: Cut, tried: tuple[layers.Tried, ...], params: Params
) -> dict[str, Json]:
    """Return what holds for all classes: layer, input size, what stands for a concept's crop."""
    return {
        "layer": cut.name,
        "grid": list(cut.grid),
        "channels": cut.channels,
        "layers": [one.as_json() for one in tried],
        "input": list(problem.size),
        "bank": params.bank,
        "maps": params.maps,
        "order": params.order,
        "unit": "logit",
    }


def _warning(name: str, error: float) -> str:
    if np.isnan(error):
        return f"The logit of {name} does not move with this layer: its concepts explain nothing."
    if error <= layers.WARNED:
        return ""
    return (
        f"The concepts of {name} miss {error:.0%} of its logit: they do not explain the decision. "
        "Try more concepts or another layer."
    )


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else number
