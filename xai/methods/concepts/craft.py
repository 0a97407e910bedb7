"""CRAFT: what a class is recognised by, as directions in a layer that images share.

Source: Fel, Picard, Béthune, Boissin, Vigouroux, Colin, Cadène and Serre, CRAFT: Concept Recursive
Activation FacTorization for Explainability, CVPR 2023, https://arxiv.org/abs/2211.10154.
Departures: the signed gradient × coefficient orders the concepts, because Sobol indices have no
sign; a scrambled design; positions of the layer may stand in for crops; semi-NMF where activations
are signed. Each is said at its own module.
Cost: one pass of the encoder per image, and one per crop if `bank` is "crops"; up to 96 to choose
the layer; then the head: r + 1 rows for all images where it pools and is affine, else `points` ×
(r + 1) per image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from xai.errors import InvalidParameter, NotApplicable, XaiError
from xai.methods.concepts import annotated, crops, dictionaries, facts, layers, report, views
from xai.methods.concepts.classes import Group, Joined, explain_class, groups
from xai.methods.concepts.head import probe
from xai.methods.concepts.quick import quicken
from xai.methods.concepts.sweep import sweep
from xai.methods.concepts.views import Tally
from xai.methods.concepts.words import ConceptProblem, ConceptResult, Cut
from xai.vocabulary import Integers, Json, Progress, ignore_progress


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    concepts: int = 10
    bank: str = "positions"
    dictionary: str = "auto"
    layer: int = 0
    images: str = "predicted"
    together: bool = False
    order: str = "gradient_input"
    points: int = 32
    parity: bool = False
    maps: str = "layer"
    split: str = "composite"
    patch: float = 0.286
    least: int = 5
    curves: bool = True
    compare: bool = False


def explain(
    problem: ConceptProblem, params: Params, progress: Progress = ignore_progress
) -> ConceptResult:
    """Find the concepts of every class that enough images are predicted as.

    Returns
    -------
    ConceptResult
        Concepts by class, most supporting first; `notes` says the layer and those it was compared
        with, the logit error per class with a warning above 20 %, the quality of each dictionary,
        curves over the number of concepts, and classes left out.

    Raises
    ------
    NotApplicable
        If no class has enough images, or the model cannot be cut.
    InvalidParameter
        If more concepts are asked for than the activations can hold, or there is no such layer.
    """
    chosen, left_out = groups(problem, by=params.images, least=params.least)
    if not chosen:
        raise NotApplicable(_too_few(problem, params))
    of = np.concatenate([group.of for group in chosen])
    tally = Tally(_foretold(len(of), params, problem), progress)
    cuts = layers.cuts_of(problem)
    cut, tried = _layer(problem, cuts, of, params, tally)
    two = problem.images(of[:2])
    quick = quicken(cut, two, tally.total - tally.done)
    joined = [_join(problem, quick, group, params, tally) for group in _merged(chosen, params)]
    explained, notes = [], []
    for one in joined:
        for group in one.parts(chosen):
            each = explain_class(problem, one, group, params)
            part = report.take_apart(problem, cuts, cut, each, params, tally)
            explained.append((each, part))
            notes.append(facts.of_class(problem, each, params))
    tally.finish()
    known = facts.of_all(problem, cut, tried, params)
    known |= {"classes": notes, "left_out": left_out, "curves": _curves(joined, params, problem)}
    known["warnings"] = [note["warning"] for note in notes if note["warning"]]
    found = report.result(problem, cut, explained, params, tally.done, known)
    known |= _annotations(problem, found)
    return found


def _annotations(problem: ConceptProblem, found: ConceptResult) -> dict[str, Json]:
    """Return the measures against annotations; what is wrong with those must not cost the rest."""
    try:
        return {"annotations": annotated.measure(problem, found)}
    except XaiError as error:
        return {"annotations": [], "annotations_failed": str(error)}


def _too_few(problem: ConceptProblem, params: Params) -> str:
    asked = params.images == "labelled"
    what = "labelled" if asked else "predicted"
    return (
        f"CRAFT looks for what the images of a class share, and no class has {params.least} of the "
        f"{len(problem.rows)} chosen images ({what}). Choose more rows, or lower the parameter "
        "least."
    )


def _foretold(images: int, params: Params, problem: ConceptProblem) -> int:
    per_image = 1
    if params.bank == "crops":
        per_image += len(crops.boxes(problem.size, params.patch, parity=params.parity))
    trial = 0 if params.layer else layers.CANDIDATES * min(layers.IMAGES, images)
    return images * per_image + trial


def _layer(
    problem: ConceptProblem,
    cuts: Sequence[Cut],
    of: Integers,
    params: Params,
    tally: Tally,
) -> tuple[Cut, tuple[layers.Tried, ...]]:
    if params.layer:
        return layers.at(cuts, params.layer), ()
    return layers.choose(problem, cuts, of, params.concepts, tally)


def _merged(chosen: tuple[Group, ...], params: Params) -> tuple[Group, ...]:
    """Return the groups that get a dictionary: every class its own, or all one."""
    if not params.together:
        return chosen
    return (Group(-1, np.concatenate([group.of for group in chosen])),)


def _join(problem: ConceptProblem, cut: Cut, group: Group, params: Params, tally: Tally) -> Joined:
    """Encode the images of a group and find the dictionary in them."""
    seen = views.encode(problem, cut, group.of, tally)
    if params.bank == "crops":
        where = crops.boxes(problem.size, params.patch, parity=params.parity)
        rows = views.crop_rows(problem, cut, group.of, where, tally)
    else:
        rows = views.position_rows(problem, seen, params.patch)
    kind = params.dictionary
    if kind == "auto":
        kind = dictionaries.suited(seen.maps)
    if kind == "nmf" and float(seen.maps.min()) < 0:
        _refuse_signed(seen.maps)
    dictionary, codes = dictionaries.fit(kind, rows.activations, params.concepts, problem.seed)
    if params.bank == "positions":
        image_codes = codes.float().reshape(*seen.maps.shape[:3], -1)
    else:
        image_codes = dictionary.encode(seen.maps)
    head = probe(cut, seen.maps, seen.rest)
    return Joined(group, seen, rows, dictionary, codes, image_codes, head)


def _refuse_signed(maps: torch.Tensor) -> None:
    if dictionaries.suited(maps) != "nmf":
        raise InvalidParameter(
            "The activations of this layer are signed, and a non-negative factorisation would "
            "lose their negative half. Choose the dictionary semi_nmf, or another layer."
        )


def _curves(joined: list[Joined], params: Params, problem: ConceptProblem) -> list[Json]:
    """Return the curves over the number of concepts, per dictionary."""
    if not params.curves:
        return []
    found = []
    for one in joined:
        targets = torch.from_numpy(problem.predicted[one.group.of])
        if one.group.target >= 0:
            targets = torch.full_like(targets, one.group.target)
        name = problem.outputs[one.group.target] if one.group.target >= 0 else ""
        kind, rows = one.dictionary.kind, one.rows.activations
        points = sweep(kind, rows, one.head, one.views, targets, problem.seed)
        found.append({"target": name, "points": points})
    return found
