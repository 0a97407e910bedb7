"""Image classifiers of either source behind one call: a network of torch, or an ONNX graph."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from xai.assets.folder import FORMATS, load_network, load_processor, unpack
from xai.workbench.picture_views import Views

if TYPE_CHECKING:
    from xai.methods.concepts.words import Cut


class Graph(nn.Module):
    """An ONNX graph called like a network: pixels in, logits out, no gradient."""

    def __init__(self, graph: Any) -> None:
        super().__init__()
        self.graph = graph

    def forward(self, pixel_values: Tensor) -> SimpleNamespace:
        """Return logits (n, k); a graph that gives probabilities gives their logarithms."""
        scores = torch.from_numpy(self.graph.scores(pixel_values.detach().numpy())).double()
        if self.graph.is_probability:
            scores = scores.clamp(min=1e-12).log()
        return SimpleNamespace(logits=scores)


@dataclass(frozen=True, eq=False)
class PictureModel:
    """A classifier, how pictures are prepared for it, and where it can be cut.

    Attributes
    ----------
    cuts : callable
        Two prepared pictures to the places where the model can be cut, first to last.
    """

    network: nn.Module
    views: Views
    outputs: tuple[str, ...]
    notes: tuple[str, ...]
    cuts: Callable[[Tensor], Sequence[Cut]] = field(repr=False)
    has_gradient: bool = True
    is_channels_last: bool = False


def open_model(path: Path, form: str) -> PictureModel:
    """Open a Hugging Face folder or an ONNX graph.

    Raises
    ------
    RefusedFile
        If it cannot be opened.
    """
    return _folder(path) if form in FORMATS else _graph(path, form)


def _folder(path: Path) -> PictureModel:
    folder = unpack(path, Path(tempfile.gettempdir()))
    network, processor = load_network(folder), load_processor(folder)

    def prepare(picture: Any) -> Tensor:
        found: Tensor = processor(picture, return_tensors="pt")["pixel_values"][0]
        return found

    def cuts(two: Tensor) -> Sequence[Cut]:
        from xai.methods.concepts.network_cuts import network_cuts  # noqa: PLC0415 - for CRAFT

        return network_cuts(network, lambda images: network(pixel_values=images).logits, two)

    return PictureModel(network, Views.of(prepare), folder.outputs, folder.notes, cuts)


def _graph(path: Path, form: str) -> PictureModel:
    from xai.assets.onnx_pictures import load_pictures  # noqa: PLC0415 - onnxruntime

    graph = load_pictures(path, form)

    def prepare(picture: Any) -> Tensor:
        return torch.from_numpy(graph.settings.prepare(picture)).float()

    def cuts(two: Tensor) -> Sequence[Cut]:
        from xai.methods.concepts.graph_cuts import graph_cuts  # noqa: PLC0415 - for CRAFT

        laid = two.permute(0, 2, 3, 1).contiguous() if graph.is_channels_last else two
        return graph_cuts(graph.data, laid, is_channels_last=graph.is_channels_last)

    return PictureModel(
        Graph(graph),
        Views.of(prepare),
        graph.outputs,
        graph.notes,
        cuts,
        has_gradient=False,
        is_channels_last=graph.is_channels_last,
    )
