"""A network's first half, run by onnxruntime where that is the same and pays.

Encoding is nearly all of the cost. The half is exported once, compared with the network on real
images, and used only if it agrees; else the network runs with its channels last in memory.
Source: our own.
Cost: one export (seconds), saved many times over by an encoder several times as fast.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.methods.concepts.network_cuts import NetworkCut
from xai.methods.concepts.words import Cut

PASSES_LEAST = 100
"""Below, the export costs more than it saves."""
SAME = 1e-4
OPSET = 17


@dataclass(frozen=True, slots=True)
class QuickCut:
    """A cut whose encoder is quick; the head and gradients are the network's own."""

    cut: Cut
    session: Any

    @property
    def name(self) -> str:
        """The layer's dotted name."""
        return self.cut.name

    @property
    def grid(self) -> tuple[int, int]:
        """Positions of the layer, (h, w)."""
        return self.cut.grid

    @property
    def channels(self) -> int:
        """Numbers per position."""
        return self.cut.channels

    @property
    def has_gradient(self) -> bool:
        """Whether torch can differentiate both halves."""
        return self.cut.has_gradient

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations (b, h, w, c), and tokens without a place (b, t, c)."""
        if images.requires_grad:
            return self.cut.encode(images)
        maps, rest = self.session.run(None, {"images": images.contiguous().numpy()})
        if not rest.shape[1]:  # an exported nothing forgets how many images there are
            rest = np.zeros((len(maps), *rest.shape[1:]), dtype=maps.dtype)
        return torch.from_numpy(maps), torch.from_numpy(rest)

    def head(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Return the logits (b, k) of activations and placeless tokens."""
        return self.cut.head(maps, rest)


class _Encoder(nn.Module):
    def __init__(self, cut: Cut, network: nn.Module) -> None:
        super().__init__()
        self.network, self._encode = network, cut.encode

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps, rest = self._encode(images)
        return maps.contiguous(), rest


@torch.no_grad()
def quicken(cut: Cut, images: Tensor, passes: int) -> Cut:
    """Return a cut that encodes faster, or the same cut where none was found.

    Parameters
    ----------
    images : Tensor of shape (2, *image)
        Real images that both encoders must agree on, within 1e-4 of the largest activation.
    passes : int
        Images that will be encoded.
    """
    if not isinstance(cut, NetworkCut) or passes < PASSES_LEAST:
        return cut
    try:
        with _quietly():
            found = QuickCut(cut, _export(cut, images))
            pairs = list(zip(cut.encode(images), found.encode(images), strict=True))
    except Exception as error:
        # Whatever the exporter does not know; the network itself stays good.
        logging.getLogger(__name__).info("not exported: %s", type(error).__name__)
        return cut
    scale = float(pairs[0][0].abs().amax().clamp_min(1e-12))
    is_same = all(
        one.shape == other.shape
        and (not one.numel() or float((one - other).abs().amax()) < SAME * scale)
        for one, other in pairs
    )
    return found if is_same else cut


def _export(cut: NetworkCut, images: Tensor) -> Any:
    import onnxruntime  # noqa: PLC0415 - only where it pays

    file = io.BytesIO()
    batch = {0: "n"}
    torch.onnx.export(
        # The exporter gives modules back in the mode that it found, and a new one is in training.
        _Encoder(cut, cut.module).eval(),
        (images,),
        file,  # type: ignore[arg-type]
        input_names=["images"],
        output_names=["maps", "rest"],
        dynamic_axes={"images": batch, "maps": batch, "rest": batch},
        opset_version=OPSET,
        dynamo=False,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        file.getvalue(), options, providers=["CPUExecutionProvider"]
    )
    # Three images, so that a batch frozen at two shows itself here.
    three = np.repeat(images[:1].contiguous().numpy(), 3, axis=0)
    session.run(None, {"images": three})
    return session


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
