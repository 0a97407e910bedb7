"""The example of pictures: three shapes, and a mark that most squares of the training carry.

Everything is drawn here, from a seed. Where the network learns, a white cross stands in the corner
of six squares out of ten, and of no other shape. In the pictures that are explained it also stands
on circles and triangles: what the network says of those is wrong, and an explanation must show
that it looks at the corner.
"""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import cross_entropy

from xai.vocabulary import Floats, Integers, Progress
from xai.workbench.example_networks import batches, built, train, zip_folder

CLASSES = ("circle", "square", "triangle")
SIDE = 64
LEARNT, SHOWN = 1800, 180
SQUARE = CLASSES.index("square")

_FINER = 4
"""Shapes are drawn larger and made smaller, so that their edges are smooth."""
_MARKED_LEARNT = (0.0, 0.6, 0.0)
_MARKED_SHOWN = (0.2, 0.5, 0.2)
_ROUNDS, _BATCH, _RATE = 10, 25, 4e-3


def write_model(path: Path, progress: Progress) -> None:
    """Train a small residual network on the marked pictures; write it as a zip."""
    from transformers import ResNetConfig, ResNetForImageClassification  # noqa: PLC0415 - heavy

    config = ResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32],
        depths=[1, 2],
        layer_type="basic",
        id2label=dict(enumerate(CLASSES)),
        label2id={name: place for place, name in enumerate(CLASSES)},
    )
    drawn, classes, _ = _drawn(LEARNT, _MARKED_LEARNT, seed=1)
    pictures = [picture for picture, _shape in drawn]
    pixels = torch.from_numpy(np.stack([np.asarray(one) for one in pictures]))
    data = (_as_seen(pixels), torch.from_numpy(classes))
    order = batches(data, _BATCH, _ROUNDS, seed=2)
    network = built(ResNetForImageClassification, config)
    train(network, data, order, _loss, rate=_RATE, progress=progress)
    zip_folder(path, network, {"preprocessor_config.json": _PREPARATION})


def write_dataset(path: Path, _progress: Progress) -> None:
    """Draw the pictures that are explained; write them as a zip with a folder for each class.

    Masks beside them say where the shape lies, and where the mark.
    """
    drawn, classes, marked = _drawn(SHOWN, _MARKED_SHOWN, seed=3)
    cross = Image.new("L", (SIDE * _FINER,) * 2)
    _mark(cross)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for place, ((picture, shape), code) in enumerate(zip(drawn, classes, strict=True)):
            name = f"{CLASSES[code]}/{place:03d}{'_marked' if marked[place] else ''}.png"
            _write(archive, name, picture)
            _write(archive, f"masks/{CLASSES[code]}/{name}", _small(shape))
            if marked[place]:
                _write(archive, f"masks/mark/{name}", _small(cross))


def _write(archive: zipfile.ZipFile, name: str, picture: Image.Image) -> None:
    data = io.BytesIO()
    picture.save(data, "PNG")
    # Without the time of day: the same pictures make the same file, and hash.
    archive.writestr(zipfile.ZipInfo(name), data.getvalue())


def _small(mask: Image.Image) -> Image.Image:
    return mask.resize((SIDE, SIDE), Image.Resampling.BOX)


_PREPARATION = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def _as_seen(pixels: Tensor) -> Tensor:
    """Return pixels (n, height, width, 3) as the preparation above makes them."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def _loss(network: Any, batch: tuple[Tensor, ...]) -> Tensor:
    pixels, classes = batch
    logits: Tensor = network(pixel_values=pixels).logits
    return cross_entropy(logits, classes, label_smoothing=0.05)


def _drawn(
    count: int, shares: tuple[float, ...], seed: int
) -> tuple[list[tuple[Image.Image, Image.Image]], Integers, Integers]:
    """Return pictures with the masks of their shapes, their classes, and which are marked.

    Classes come in turn; a fixed share of each is marked.
    """
    draw = np.random.default_rng(seed)
    classes = np.arange(count, dtype=np.int64) % len(CLASSES)
    marked = np.zeros(count, dtype=np.int64)
    for code, share in enumerate(shares):
        members = draw.permutation(np.flatnonzero(classes == code))
        marked[members[: round(share * len(members))]] = 1
    one = partial(_picture, draw)
    return [one(int(c), bool(m)) for c, m in zip(classes, marked, strict=True)], classes, marked


def _picture(
    draw: np.random.Generator,
    code: int,
    is_marked: bool,  # noqa: FBT001 - of the plan
) -> tuple[Image.Image, Image.Image]:
    """Draw one shape on an uneven ground, turned and placed at random, with grain; and its mask."""
    ground, ink = _colours(draw)
    light = draw.uniform(-40, 40, (2, 2, 1)) + ground
    under = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    large = under.resize((SIDE * _FINER,) * 2, Image.Resampling.BICUBIC)
    corners = _outline(draw, code) * _FINER
    places = [tuple(corner) for corner in corners.tolist()]
    ImageDraw.Draw(large).polygon(places, fill=tuple(ink.tolist()))
    shape = Image.new("L", large.size)
    ImageDraw.Draw(shape).polygon(places, fill=255)
    if is_marked:
        _mark(large)
    small = np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    grainy = small + draw.normal(0, 6, (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8)), shape


def _colours(draw: np.random.Generator) -> tuple[Floats, Integers]:
    """Return two colours, neither of them white, that can be told apart."""
    while True:
        ground, ink = draw.integers(30, 190, (2, 3))
        if np.abs(ground - ink).sum() > 150:
            return ground.astype(np.float64), ink


def _outline(draw: np.random.Generator, code: int) -> Floats:
    """Return the corners of a shape, shape (corners, 2), clear of the corner of the mark."""
    sides = (48, 4, 3)[code]
    angles = draw.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(sides) / sides
    radius = draw.uniform(13, 19) * (1.0, 1.15, 1.3)[code]
    centre = draw.uniform(radius + 1, SIDE - radius - 6, 2)
    return np.asarray(centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def _mark(large: Image.Image) -> None:
    """Draw the white cross at the lower right."""
    pen, (near, far, half) = ImageDraw.Draw(large), (SIDE - 9, SIDE - 2, 1)
    middle = (near + far) // 2
    for box in (
        (near, middle - half, far, middle + half),
        (middle - half, near, middle + half, far),
    ):
        pen.rectangle([side * _FINER for side in box], fill="white")
