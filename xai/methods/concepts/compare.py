"""Dictionaries and estimators of importance beside each other, on the images of a class.

Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, tables 1 and 2.
Cost: five dictionaries on the activations already there; per image and estimator its head rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xai.methods.concepts import dictionaries, faithfulness, importance, quality
from xai.methods.concepts.score import ConceptScore

if TYPE_CHECKING:
    from xai.methods.concepts.classes import Explained
    from xai.vocabulary import Integers, Json

ROWS_MOST = 2_000
IMAGES_MOST = 16
"""Images on which estimators are compared where each costs passes through the head."""


def tables(found: Explained, seed: int, concepts: int) -> dict[str, Json]:
    """Return the table of dictionaries and the table of estimators."""
    return {
        "dictionaries": dictionary_table(found, seed, concepts),
        "estimators": estimator_table(found, seed),
    }


def dictionary_table(found: Explained, seed: int, concepts: int) -> list[dict[str, Json]]:
    """Fit every dictionary to the same activations and measure it, ordered by its gradient."""
    joined, places = found.joined, _places(found)
    order = torch.randperm(
        len(joined.rows.activations), generator=torch.Generator().manual_seed(seed)
    )
    rows = joined.rows.activations[order[:ROWS_MOST]]
    seen = joined.views[places]
    targets = torch.full((len(places),), found.group.target)
    table = []
    for kind in dictionaries.FITS:
        if kind == "nmf" and dictionaries.suited(rows) != "nmf":
            continue
        dictionary, _codes = dictionaries.fit(kind, rows, concepts, seed)
        codes = dictionary.encode(seen.maps)
        rebuilt = dictionary.decode(codes)
        score = ConceptScore(joined.head, dictionary, codes, seen.rest, targets)
        error = quality.logit_error(joined.head, seen.maps, seen.rest, rebuilt, targets)
        table.append(
            {"dictionary": kind, **quality.measure(dictionary, rows, seed).as_json()}
            | {"logit_error": _plain(error)}
            | _faithful(score, score.gradient(), seed)
        )
    return table


def estimator_table(found: Explained, seed: int) -> list[dict[str, Json]]:
    """Estimate importance in every way and measure how faithful each is."""
    joined, places = found.joined, _places(found)
    some = torch.from_numpy(places)
    score = ConceptScore(
        joined.head,
        joined.dictionary,
        joined.image_codes[some],
        joined.views.rest[some],
        torch.full((len(places),), found.group.target),
    )
    return [
        {"estimator": name, **_faithful(score, estimate(score, seed), seed), "images": len(places)}
        for name, estimate in importance.ESTIMATORS.items()
    ]


def _faithful(score: ConceptScore, values: Tensor, seed: int) -> dict[str, Json]:
    measured = faithfulness.measure(score, values, seed)
    return {
        "deletion": _plain(measured.deletion),
        "insertion": _plain(measured.insertion),
        "fidelity": _plain(measured.fidelity),
        "undefined": measured.undefined,
    }


def _places(found: Explained) -> Integers:
    """Return the images compared on: few where each costs many passes through the head."""
    return found.places if found.score.is_exact else found.places[:IMAGES_MOST]


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else number
