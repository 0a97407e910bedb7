"""What the examples' networks share: a training that ends the same each time, a folder, a zip."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xai.assets.packing import pack
from xai.vocabulary import Json, Progress

Loss = Callable[[Any, tuple[Tensor, ...]], Tensor]
"""`loss(network, batch)` is what training makes small."""

_DECAY = 0.01
_FIRST, _SECOND, _TINY = 0.9, 0.99, 1e-8


def built(kind: Callable[[Any], Any], config: Any, seed: int = 0) -> Any:
    """Return a network whose first weights follow from the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(config)


def batches(data: tuple[Tensor, ...], size: int, rounds: int, seed: int) -> list[Tensor]:
    """Return the rows of each batch: every row once a round, shuffled; what is left over waits."""
    draw = torch.Generator().manual_seed(seed)
    count = len(data[0])
    orders = [torch.randperm(count, generator=draw) for _ in range(rounds)]
    return [part for order in orders for part in torch.split(order, size) if len(part) == size]


def train(
    network: Any,
    data: tuple[Tensor, ...],
    order: Iterable[Tensor],
    loss: Loss,
    *,
    rate: float,
    progress: Progress,
) -> Any:
    """Train a network by AdamW, the rate rising for a tenth of the steps and then falling to 0.

    Written out, because torch's own optimizers import its compiler, which takes longer than this.
    """
    steps = list(order)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    means = [torch.zeros_like(weight) for weight in weights]
    squares = [torch.zeros_like(weight) for weight in weights]
    network.train()
    for step, rows in enumerate(steps, start=1):
        found = loss(network, tuple(part[rows] for part in data))
        slopes = torch.autograd.grad(found, weights)
        done = step / len(steps)
        now = rate * min(10 * done, (1 - done) / 0.9)
        for weight, slope, mean, square in zip(weights, slopes, means, squares, strict=True):
            mean.lerp_(slope, 1 - _FIRST)
            square.lerp_(slope.square(), 1 - _SECOND)
            size = (square / (1 - _SECOND**step)).sqrt_().add_(_TINY)
            with torch.no_grad():
                weight.mul_(1 - now * _DECAY)
                weight.addcdiv_(mean / (1 - _FIRST**step), size, value=-now)
        progress(step, len(steps))
    return network.eval()


def zip_folder(path: Path, network: Any, files: Mapping[str, Json]) -> None:
    """Write a network, and further files as JSON, as the zip of a Hugging Face folder."""
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        for name, content in files.items():
            (Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
        pack(Path(folder), path)
