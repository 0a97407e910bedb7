"""The graphs within an ONNX model, and what no part of them may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnx import TensorProto as Type

from xai.assets.safety import damaged
from xai.errors import RefusedFile

DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
DEEPEST = 32


def graphs(model: Any) -> Iterator[Any]:
    """Yield a model's graph and those within it, level by level; refuse what nests too deep."""
    level, depth = [model.graph], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise damaged("its graphs are nested too deep")
        yield from level
        nodes = [node for graph in level for node in graph.node]
        if depth == 1:
            nodes += [node for function in model.functions for node in function.node]
        parts = [part for node in nodes for part in node.attribute]
        level = [g for part in parts for g in ([part.g] if part.HasField("g") else [*part.graphs])]


def _tensors(model: Any, nodes: list[Any]) -> Iterator[Any]:
    for graph in graphs(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for part in (part for node in nodes for part in node.attribute):
        yield from [part.t] if part.HasField("t") else part.tensors


def check_names(model: Any, nodes: list[Any]) -> None:
    """Refuse names that are no text: protobuf hands them over as bytes."""
    graph = model.graph
    words = [part.name for part in (*graph.input, *graph.output, *graph.initializer)]
    words += [part.domain for part in model.opset_import]
    for node in nodes:
        words += [node.name, node.op_type, node.domain, *node.input, *node.output]
        words += [part.name for part in node.attribute]
    if any(isinstance(word, bytes) for word in words):
        raise damaged("a name in it is not text")


def check_outside(model: Any, nodes: list[Any]) -> None:
    """Refuse a model that reads other files or needs operators of others."""
    for tensor in _tensors(model, nodes):
        if tensor.data_location == Type.EXTERNAL or tensor.external_data:
            raise RefusedFile(
                f"The tensor {tensor.name!r} of this ONNX model lies in another file. Save the "
                "model in one file: onnx.save(model, 'model.onnx', save_as_external_data=False)."
            )
    own = {function.domain for function in model.functions}
    for node in nodes:
        if node.domain not in DOMAINS | own:
            raise RefusedFile(
                f"This ONNX model needs the operator {node.op_type} of the domain {node.domain!r}, "
                "which does not come with onnxruntime. Export it with standard operators only."
            )
