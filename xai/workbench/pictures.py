"""Image classifiers: what a shard of theirs computes, and whether model and data go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from xai.assets.images import Images, read_images
from xai.assets.names import normal
from xai.assets.rows import choose
from xai.errors import InvalidParameter
from xai.methods.concepts.words import ConceptProblem
from xai.units import UnitProblem
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench import picture_arena
from xai.workbench.arena import Arena
from xai.workbench.picture_annotations import annotated
from xai.workbench.picture_attention import PictureAttention
from xai.workbench.picture_models import PictureModel, open_model
from xai.workbench.picture_problem import BATCH, MOST, Scene
from xai.workbench.segments import GRID, segment

PARTS = 49

Arrays = dict[str, np.ndarray]
Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Opened:
    """A classifier and the pictures it is asked about; opened once per child."""

    model: PictureModel
    images: Images
    notes: tuple[str, ...]
    labels: Floats | None

    def pixels(self, rows: Integers) -> Tensor:
        """Return what the model gets of these pictures."""
        return self.model.views.tensors([self.images[int(row)] for row in rows])

    def shares(self, pixels: Tensor) -> Floats:
        """Return the probability of each class, shape (n, k)."""
        parts = []
        with torch.inference_mode():
            for start in range(0, len(pixels), BATCH):
                logits = self.model.network(pixel_values=pixels[start : start + BATCH]).logits
                parts.append(torch.softmax(logits.double(), dim=1))
        return np.asarray(torch.cat(parts).numpy())

    def targets(self, shares: Floats, target: str) -> Integers:
        """Return the explained class of each picture: the predicted one, or the named one."""
        if not target:
            return np.asarray(shares.argmax(axis=1), dtype=np.int64)
        if target not in self.model.outputs:
            raise InvalidParameter(
                f"The model has no class {target!r}; it has: {', '.join(self.model.outputs[:20])}."
            )
        return np.full(len(shares), self.model.outputs.index(target), dtype=np.int64)


_open: dict[tuple[str, str], Opened] = {}


def opened_for(payload: Json) -> Opened:
    """Load model and pictures; the last pair stays open."""
    key = (payload["model"], payload["dataset"])
    if key not in _open:
        _open.clear()
        model = open_model(Path(payload["model"]), payload["format"])
        images = read_images(Path(payload["dataset"]))
        labels, unknown = codes(images.labels, model.outputs)
        _open[key] = Opened(model, images, (*model.notes, *images.notes, *unknown), labels)
    return _open[key]


def fit(payload: Json) -> Json:
    """Say whether the model runs on these pictures."""
    opened = opened_for(payload)
    opened.shares(opened.pixels(np.arange(min(2, len(opened.images)))))
    return {"notes": list(opened.notes), "label": "label" if opened.labels is not None else ""}


def about(payload: Json, _recipe: Recipe) -> Json:
    """Return what every result says of the model."""
    opened = opened_for(payload)
    return {
        "unit": "probability",
        "problem": "classification",
        "outputs": list(opened.model.outputs),
        "warnings": list(opened.notes),
    }


def predictions(
    payload: Json, recipe: Recipe, span: Span, _progress: Progress
) -> tuple[Arrays, Json]:
    """Return what the model says of the chosen pictures, and what it saw of them."""
    opened = opened_for(payload)
    rows = choose(recipe.rows, len(opened.images), recipe.seed)[slice(*span)]
    pixels = opened.pixels(rows)
    shares = opened.shares(pixels)
    arrays: Arrays = {
        "rows": rows,
        "targets": opened.targets(shares, recipe.target),
        "outputs": shares,
        "probabilities": shares,
    }
    if opened.labels is not None:
        arrays["labels"] = opened.labels[rows]
    return arrays, {
        "names": [],
        "columns": [],
        "samples": [
            _sample(opened, int(row), seen) for row, seen in zip(rows, pixels, strict=True)
        ],
        "evaluations": len(rows),
        "notes": {},
    }


def pose(payload: Json, recipe: Recipe, seed: int, start: int, stop: int) -> UnitProblem:
    """Return the problem for the chosen pictures `start` to `stop`."""
    opened = opened_for(payload)
    rows = choose(recipe.rows, len(opened.images), recipe.seed)[start:stop]
    pixels = opened.pixels(rows)
    targets = opened.targets(opened.shares(pixels), recipe.target)
    return problem(opened, Seen(rows, pixels, targets), payload["job"]["params"], seed)


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures as the model gets them, and the class that is explained of each."""

    rows: Integers
    pixels: Tensor
    targets: Integers


def problem(opened: Opened, seen: Seen, params: Mapping[str, Json], seed: int) -> UnitProblem:
    """Return the problem of explaining one class of each picture, cut as the parameters say."""
    rows, pixels, targets = seen.rows, seen.pixels, seen.targets
    height, width = pixels.shape[-2:]
    shape = (min(MOST, height), min(MOST, width))
    how, parts = params.get("segmentation", GRID), int(params.get("parts", PARTS))
    views = opened.model.views
    players = tuple(segment(views.colours(each), shape, parts, how) for each in pixels)
    # The mean colour of a picture says least about what is in it, and is on its own scale.
    baselines = pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels)
    scene = Scene(opened.model.network, pixels, baselines, targets, players, shape)
    return UnitProblem(
        rows=rows,
        names=((),) * len(rows),
        shapes=(shape,) * len(rows),
        players=players,
        outputs=tuple((opened.model.outputs[target],) for target in targets),
        score=scene.score,
        seed=seed,
        gradients=scene if opened.model.has_gradient else None,
        attention=PictureAttention(scene) if opened.model.has_gradient else None,
        extras={"scene": scene},
    )


def arena(payload: Json, recipe: Recipe, span: Span, progress: Progress) -> Arena:
    """Return where the methods are measured on the chosen pictures of a span."""
    opened, seed = opened_for(payload), payload["job"]["seed"]
    posed = pose(payload, recipe, seed, *span)
    scene = cast("Scene", posed.extras["scene"])

    def again(of: Integers, pixels: Tensor, params: Mapping[str, Json]) -> UnitProblem:
        return problem(opened, Seen(posed.rows[of], pixels, scene.targets[of]), params, seed)

    return picture_arena.arena(posed, scene, again, progress)


def concepts(payload: Json, recipe: Recipe, seed: int) -> ConceptProblem:
    """Return the chosen pictures all at once, and where the model can be cut."""
    opened = opened_for(payload)
    model, rows = opened.model, choose(recipe.rows, len(opened.images), recipe.seed)
    predicted = np.concatenate([
        opened.shares(opened.pixels(rows[start : start + BATCH])).argmax(axis=1)
        for start in range(0, len(rows), BATCH)
    ])  # fmt: skip
    size = opened.pixels(rows[:1]).shape[-2:]
    target = None if not recipe.target else model.outputs.index(recipe.target)

    def images(of: Integers) -> Tensor:
        pixels = opened.pixels(rows[of])
        return pixels.permute(0, 2, 3, 1).contiguous() if model.is_channels_last else pixels

    return ConceptProblem(
        rows=rows,
        images=images,
        size=(int(size[0]), int(size[1])),
        predicted=np.asarray(predicted, dtype=np.int64),
        outputs=model.outputs,
        cuts=model.cuts,
        labels=None if opened.labels is None else opened.labels[rows],
        target=target,
        seed=seed,
        is_channels_last=model.is_channels_last,
        annotations=annotated(opened.images, model.views, rows),
    )


def codes(
    labels: tuple[str, ...] | None, outputs: tuple[str, ...]
) -> tuple[Floats | None, list[str]]:
    """Return the class of each label, NaN where no class is called so, and a note on those.

    A class may list several names, as ImageNet's do ("tench, Tinca tinca"); a name that only one
    class has stands for it.
    """
    if labels is None:
        return None, []
    whole = {normal(output): place for place, output in enumerate(outputs)}
    owners: dict[str, set[int]] = {}
    for place, output in enumerate(outputs):
        for part in output.split(","):
            owners.setdefault(normal(part), set()).add(place)
    single = {name: next(iter(places)) for name, places in owners.items() if len(places) == 1}
    known = single | whole
    found = np.array([known.get(normal(label), np.nan) for label in labels], dtype=np.float64)
    unknown = sorted({label for label in labels if label and normal(label) not in known})
    if not unknown:
        return found, []
    if np.isnan(found).all():
        return None, [f"None of the labels is a class of the model, for example “{unknown[0]}”."]
    return found, [
        f"{len(unknown)} of the labels are no classes of the model, such as “{unknown[0]}”."
    ]


def _sample(opened: Opened, row: int, seen: Tensor) -> Json:
    width, height = (int(side) for side in opened.images.sizes[row])
    return {
        "name": opened.images.names[row],
        "width": width,
        "height": height,
        "jpeg": opened.model.views.jpeg(seen),
    }
