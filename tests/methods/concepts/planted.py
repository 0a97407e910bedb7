"""Images composed of known parts, and a network whose decision is known part by part.

Parts are squares of a pure colour on grey noise. The network finds each colour, mixes the six
answers into sixteen channels, averages over places and adds up: `WEIGHTS` says what each part does
to each class's logit. Red makes class 0; magenta speaks against it; yellow, the distractor, does
nothing; cyan is a mark that the network takes for class 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from xai.methods.concepts.network_cuts import network_cuts
from xai.methods.concepts.words import Annotated, ConceptProblem

SIZE, SIDE, CELL = 32, 8, 4
PARTS = ("red", "green", "blue", "yellow", "magenta", "cyan")
COLOURS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=float)
WEIGHTS = np.array([[90, 0, 0, 0, -40, 140], [0, 90, 0, 0, 0, 0], [0, 0, 90, 0, 0, 0]], dtype=float)
CLASSES = ("red things", "green things", "blue things")


class Planted(nn.Module):
    """Colour detectors, a mixture, an average, a sum."""

    def __init__(self, *, is_bent=False):
        super().__init__()
        rng = np.random.default_rng(0)
        signs = 2 * COLOURS - 1
        mixture = rng.random((16, 6)) * (rng.random((16, 6)) < 0.5) + 0.05
        self.find, self.mix = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 16, 1)
        self.shrink, self.bend = nn.AvgPool2d(CELL), nn.ReLU()
        self.squash = nn.Conv2d(16, 16, 3, padding=1) if is_bent else nn.Identity()
        self.decide = nn.Linear(16, 3)
        self.is_bent = is_bent
        with torch.no_grad():
            self.find.weight.copy_(torch.tensor(signs)[:, :, None, None])
            self.find.bias.copy_(torch.tensor(1 - COLOURS.sum(axis=1)))
            self.mix.weight.copy_(torch.tensor(mixture)[:, :, None, None])
            self.mix.bias.zero_()
            self.decide.weight.copy_(torch.tensor(WEIGHTS @ np.linalg.pinv(mixture)))
            self.decide.bias.copy_(torch.tensor([0.3, 0.2, 0.1]))
            if is_bent:
                self.squash.weight.copy_(0.3 * torch.randn(16, 16, 3, 3, generator=_draw()))

    def forward(self, images):
        found = self.shrink(torch.relu(self.find(images)))
        mixed = self.bend(self.mix(found))
        if self.is_bent:
            mixed = mixed + torch.tanh(self.squash(mixed)) ** 2
        return self.decide(mixed.mean(dim=(2, 3)))


def _draw():
    return torch.Generator().manual_seed(0)


def picture(rng, parts, corner=False):
    """Return an image (3, 32, 32) and one mask per part (6, 32, 32)."""
    image = 0.45 + 0.1 * rng.random((3, SIZE, SIZE))
    masks = np.zeros((len(PARTS), SIZE, SIZE), dtype=bool)
    slots = rng.permutation(9)
    for slot, part in zip(slots, parts, strict=False):
        y, x = (3 + 10 * k + int(rng.integers(-2, 2)) for k in divmod(int(slot), 3))
        if part == 5 and corner:
            y = x = 0
        masks[:, y : y + SIDE, x : x + SIDE] = False
        masks[part, y : y + SIDE, x : x + SIDE] = True
        image[:, y : y + SIDE, x : x + SIDE] = COLOURS[part][:, None, None]
    return image, masks


def pictures(n, kinds=(0,), *, others=(3, 4), marked=0, seed=0):
    """Return images (n, 3, 32, 32), masks and true classes; `marked` of them carry the mark."""
    rng = np.random.default_rng(seed)
    images, masks, labels = [], [], []
    for i in range(n):
        kind = kinds[i % len(kinds)]
        parts = [kind] * int(rng.integers(1, 4))
        for other in others:
            parts += [other] * int(rng.integers(0, 2))
        if i < marked:
            parts.append(5)
        image, mask = picture(rng, parts, corner=True)
        images.append(image)
        masks.append(mask)
        labels.append(kind)
    return torch.tensor(np.array(images)).float(), np.array(masks), np.array(labels)


def problem(images, network=None, labels=None, **changes):
    """Pose a concept problem on planted images."""
    network = (network or Planted()).eval().requires_grad_(False)
    given = ConceptProblem(
        rows=np.arange(len(images)) + 100,
        images=lambda of: images[torch.from_numpy(of)],
        size=(SIZE, SIZE),
        predicted=network(images).argmax(dim=1).numpy(),
        outputs=CLASSES,
        cuts=lambda two: network_cuts(network, network, two),
        labels=None if labels is None else labels.astype(float),
    )
    return replace(given, **changes)


def marked(masks, names=("red", "yellow", "magenta"), with_masks=True):
    """Return what a person would say of planted images."""
    of = [PARTS.index(name) for name in names]
    return Annotated(
        names,
        masks[:, of].any(axis=(2, 3)).astype(float),
        (with_masks,) * len(names),
        lambda concept, some: masks[some, of[concept]],
    )


def overlap(values, mask):
    """Return the intersection over union of a map's largest cells, as many as the mask covers."""
    factor = mask.shape[0] // values.shape[0]
    cells = mask.reshape(values.shape[0], factor, values.shape[1], factor).mean(axis=(1, 3)) > 0.3
    level = np.sort(values.ravel())[::-1][cells.sum() - 1]
    shown = (values >= level) & (values > 0)
    return (shown & cells).sum() / max(1, (shown | cells).sum())
