"""Where an ONNX graph can be cut, and its two halves run by onnxruntime.

Walking the graph in order, a tensor is a cut where it is the only live one that depends on the
input: every path goes through it.
Source: our own.
Cost: reading the graph; one session for each half of a cut, when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

from xai.methods.concepts.layout import Layout, layout

PASSING = {"Softmax", "Sigmoid", "LogSoftmax", "Identity"}
"""What may follow the logits: left out, because a share hides how far the others moved."""
Type = onnx.TensorProto
FLOATS = {Type.FLOAT, Type.FLOAT16, Type.DOUBLE}
NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
PLACES_LEAST = 9
CUTS_MOST = 16


@dataclass(frozen=True)
class GraphCut:
    """An ONNX graph cut at one of its tensors."""

    name: str
    grid: tuple[int, int]
    channels: int
    layout: Layout
    model: Any = field(repr=False)
    source: str = ""
    target: str = ""
    threads: int = 0
    has_gradient: bool = False

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Run the graph up to the cut: maps (b, h, w, c) and placeless tokens (b, t, c)."""
        return self.layout.read(_run(self._encoder, images))

    def head(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Run the graph from the cut on: logits (b, k)."""
        return _run(self._head, self.layout.write(maps, rest))

    @cached_property
    def _encoder(self) -> Any:
        return _session(self.model, self.source, self.name, self.threads)

    @cached_property
    def _head(self) -> Any:
        return _session(self.model, self.name, self.target, self.threads)


def graph_cuts(
    data: bytes, images: Tensor, *, is_channels_last: bool = False, threads: int = 0
) -> tuple[GraphCut, ...]:
    """Return the places where a graph can be cut, first to last.

    Parameters
    ----------
    data : bytes
        A checked ONNX model with one input of images and its scores as the first output.
    images : Tensor of shape (2, *image)
        Tried once, because a graph often does not say the shapes of its tensors.
    threads : int
        Of onnxruntime; 0 takes as many as torch.

    Notes
    -----
    A softmax or sigmoid at the end is left out: the head gives logits.
    """
    model = onnx.load_model_from_string(data)
    source, target = _ends(model.graph)
    # A padded map has places outside of the image.
    padded = {name for node in model.graph.node if node.op_type == "Pad" for name in node.output}
    alone = _live_alone(model.graph, source)
    names = [name for name in alone if name not in padded | {source, target}]
    shapes = _try(model, source, names, images)
    size = images.shape[1:3] if is_channels_last else images.shape[2:4]
    found = []
    for name in names:
        shape = shapes.get(name, ())
        place = layout(shape[1:], (size[0], size[1])) if shape and shape[0] == len(images) else None
        if place is not None and place.grid[0] * place.grid[1] >= PLACES_LEAST:
            found.append(
                GraphCut(name, place.grid, place.channels, place, model, source, target, threads)
            )
    return tuple(found[-CUTS_MOST:])


def _ends(graph: Any) -> tuple[str, str]:
    """Return the name of the input, and of the logits."""
    fixed = {tensor.name for tensor in graph.initializer}
    source = next(part.name for part in graph.input if part.name not in fixed)
    floats = [part.name for part in graph.output if part.type.tensor_type.elem_type in FLOATS]
    target = next((name for name in floats if "logit" in name.lower()), floats[0])
    makers = {name: node for node in graph.node for name in node.output}
    while target in makers and makers[target].op_type in PASSING:
        target = makers[target].input[0]
    return source, target


def _live_alone(graph: Any, source: str) -> list[str]:
    """Return tensors that are at some point all that is left of the input, in order."""
    depends, last = {source}, {}
    for place, node in enumerate(graph.node):
        if any(name in depends for name in node.input):
            depends.update(name for name in node.output if name)
        for name in node.input:
            if name in depends:
                last[name] = place
    live, alone = {source}, list[str]()
    for place, node in enumerate(graph.node):
        live |= {name for name in node.output if name in depends and name in last}
        live -= {name for name in node.input if last.get(name, place + 1) <= place}
        if len(live) == 1 and (not alone or alone[-1] not in live):
            alone += live
    return alone


def _try(
    model: Any, source: str, names: Sequence[str], images: Tensor
) -> dict[str, tuple[int, ...]]:
    """Run two images and return the shape of each tensor; empty if two are too many."""
    try:
        probe = _part(model, source, names)
        session = _open(probe, 1)
        values = session.run(list(names), {source: _given(session, images)})
    except Exception:
        # A graph fixed to one image cannot give rows of masks either.
        return {}
    return {
        name: value.shape
        for name, value in zip(names, values, strict=True)
        if isinstance(value, np.ndarray) and value.dtype == np.float32
    }


def _part(model: Any, source: str, targets: Sequence[str]) -> Any:
    """Return the nodes that lead from one tensor to others, as a model of their own."""
    makers = {name: node for node in model.graph.node for name in node.output if name}
    wanted, seen, nodes = list(targets), set(), set()
    while wanted:
        name = wanted.pop()
        if name in seen or name == source:
            continue
        seen.add(name)
        node = makers.get(name)
        if node is not None:
            nodes.add(id(node))
            wanted += [part for part in node.input if part] + _outer(node)
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:], part.graph.input[:], part.graph.output[:], part.graph.value_info[:]
    part.graph.node.extend(node for node in model.graph.node if id(node) in nodes)
    kinds = {one.name: one.type.tensor_type.elem_type for one in model.graph.input}
    kind = kinds.get(source, Type.FLOAT)
    part.graph.input.append(onnx.helper.make_tensor_value_info(source, kind, None))
    part.graph.output.extend(onnx.ValueInfoProto(name=target) for target in targets)
    return part


def _outer(node: Any) -> list[str]:
    """Return the tensors that the inner graphs of a node read."""
    inner = [part.g for part in node.attribute if part.HasField("g")]
    return [name for graph in inner for inside in graph.node for name in inside.input if name]


def _session(model: Any, source: str, target: str, threads: int) -> Any:
    return _open(_part(model, source, [target]), threads)


def _open(model: Any, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _run(session: Any, inputs: Tensor) -> Tensor:
    given = {session.get_inputs()[0].name: _given(session, inputs)}
    return torch.from_numpy(np.asarray(session.run(None, given)[0], dtype=np.float32))


def _given(session: Any, inputs: Tensor) -> Any:
    """Return inputs in the numbers that a graph takes."""
    numbers = inputs.detach().contiguous().numpy()
    return numbers.astype(NUMBERS[session.get_inputs()[0].type], copy=False)
