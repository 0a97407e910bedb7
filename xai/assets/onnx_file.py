"""What an ONNX file holds, read and checked without running it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import (  # type: ignore[import-untyped]
    DecodeError,
    EncodeError,
)

from xai.assets.onnx_graphs import check_names, check_outside, graphs
from xai.assets.onnx_trees import check_trees
from xai.errors import RefusedFile

PASSING = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}
KNOWING = {"cats_strings", "keys_strings", "classes_strings"}
NAMES = {"feature_names", "features", "columns", "input_features"}
LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
Type = onnx.TensorProto
NUMBERS = {Type.FLOAT: "f4", Type.DOUBLE: "f8", Type.INT64: "i8", Type.INT32: "i4", Type.BOOL: "?"}
TEXTS = {"input_ids", "attention_mask", "token_type_ids"}


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the graph; `width` columns of one type ("f4", "i8", "?", … or "O" for text)."""

    name: str
    dtype: str
    width: int
    rank: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """The facts of a checked graph.

    Attributes
    ----------
    batch : int
        Rows it takes at once; 0 for any number.
    scores : str
        The output that is explained.
    has_label : bool
        The graph also puts out a label.
    last : str
        The operator behind `scores`.
    """

    data: bytes
    inputs: tuple[Input, ...]
    batch: int
    scores: str
    has_label: bool
    last: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    operators: Counter[str]
    parameters: int
    trees: int
    producer: str


def checked(data: bytes) -> tuple[Any, list[Any]]:
    """Return the parsed model and all its nodes, those of inner graphs too.

    Raises
    ------
    RefusedFile
        If it is damaged, reads other files or needs foreign operators.
    """
    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RecursionError):
        raise RefusedFile(
            "This is not a readable ONNX model: it is cut short or damaged."
        ) from None
    if not model.graph.node or not model.graph.output:
        raise RefusedFile("This is not a readable ONNX model: its graph is empty.")
    nodes = [node for graph in graphs(model) for node in graph.node]
    nodes += [node for function in model.functions for node in function.node]
    check_names(model, nodes)
    check_outside(model, nodes)
    for node in nodes:
        if node.op_type.startswith("TreeEnsemble"):
            check_trees(_attributes(node))
    return model, nodes


def read(data: bytes) -> Contents:
    """Return the facts of an ONNX model for tables.

    Raises
    ------
    RefusedFile
        As `checked`, and if it is no model for tables.
    """
    model, nodes = checked(data)
    classes = _without_zipmap(model)
    inputs, batch = _inputs(model.graph)
    scores, has_label = _outputs(model.graph)
    width = sum(part.width for part in inputs)
    return Contents(
        data=_bytes(model),
        inputs=inputs,
        batch=batch,
        scores=scores,
        has_label=has_label,
        last=next((n.op_type for n in model.graph.node if scores in n.output), ""),
        classes=classes or _classes(model, nodes),
        names=_names(model, width),
        operators=Counter(node.op_type for node in nodes),
        parameters=sum(int(np.prod(t.dims)) for g in graphs(model) for t in g.initializer),
        trees=sum(_trees(node) for node in nodes),
        producer=model.producer_name,
    )


def _attributes(node: Any) -> dict[str, Any]:
    return {part.name: onnx.helper.get_attribute_value(part) for part in node.attribute}


def _without_zipmap(model: Any) -> tuple[str, ...]:
    """Put out the tensor behind a ZipMap instead of its dictionaries; return its class names."""
    for node in model.graph.node:
        if node.op_type == "ZipMap" and node.output[0] in {o.name for o in model.graph.output}:
            classes = _labels(_attributes(node))
            kept = [part for part in model.graph.output if part.name != node.output[0]]
            scores = onnx.helper.make_tensor_value_info(node.input[0], Type.FLOAT, None)
            del model.graph.output[:]
            model.graph.output.extend([*kept, scores])
            model.graph.node.remove(node)
            return classes
    return ()


def _labels(given: dict[str, Any]) -> tuple[str, ...]:
    for name in LABELS:
        if given.get(name):
            return tuple(w.decode() if isinstance(w, bytes) else str(w) for w in given[name])
    return ()


def _classes(model: Any, nodes: list[Any]) -> tuple[str, ...]:
    for tensor in model.graph.initializer:
        if tensor.name == "classes" and len(tensor.dims) == 1:
            values = onnx.numpy_helper.to_array(tensor).tolist()
            return tuple(w.decode() if isinstance(w, bytes) else str(w) for w in values)
    return next((found for node in nodes if (found := _labels(_attributes(node)))), ())


def given_inputs(graph: Any) -> list[Any]:
    """Return what a graph takes, without the weights that older exporters list there."""
    held = {tensor.name for tensor in graph.initializer}
    return [part for part in graph.input if part.name not in held]


def _inputs(graph: Any) -> tuple[tuple[Input, ...], int]:
    given = given_inputs(graph)
    if not given:
        raise RefusedFile("This ONNX model takes no input.")
    if TEXTS & {part.name for part in given}:
        raise RefusedFile(
            "This ONNX model reads text, and such a file has no tokenizer. Upload the Hugging Face "
            "folder that it was made from, as a .zip."
        )
    parts = [_input(part, graph) for part in given]
    batches = {batch for _, batch in parts}
    return tuple(part for part, _ in parts), max(batches)


def _input(value: Any, graph: Any) -> tuple[Input, int]:
    tensor = value.type.tensor_type
    sizes = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim]
    if len(sizes) == 4:
        raise RefusedFile(
            f"The input {value.name!r} of this ONNX model has four dimensions, which is no row of "
            "a table. Pictures are (n, 3, height, width) or (n, height, width, 3), the only input."
        )
    is_text = tensor.elem_type == Type.STRING
    if tensor.elem_type not in NUMBERS and not is_text:
        raise RefusedFile(f"The input {value.name!r} of this ONNX model is no table of numbers.")
    if len(sizes) not in {1, 2} or (len(sizes) == 2 and sizes[1] < 1):
        raise RefusedFile(
            f"The input {value.name!r} of this ONNX model does not say how many columns it takes. "
            "Export it with the shape [None, number of columns], or one input per column."
        )
    words = _words(value.name, graph) if is_text else ()
    dtype = "O" if is_text else NUMBERS[tensor.elem_type]
    width = sizes[1] if len(sizes) == 2 else 1
    return Input(value.name, dtype, width, len(sizes), words), max(0, sizes[0])


def _words(name: str, graph: Any) -> tuple[str, ...]:
    """Return the words that an encoder right behind a text input knows."""
    reached = {name}
    for node in graph.node:
        if not reached & set(node.input):
            continue
        if node.op_type in PASSING:
            reached |= set(node.output)
        for key, value in _attributes(node).items():
            if key in KNOWING:
                return tuple(word.decode(errors="replace") for word in value)
    return ()


def _outputs(graph: Any) -> tuple[str, bool]:
    """Return the name of the output with the scores, and whether there is a label."""
    kinds = {part.name: part.type.tensor_type.elem_type for part in graph.output}
    floats = [name for name, kind in kinds.items() if kind in {Type.FLOAT, Type.DOUBLE}]
    labels = [name for name, kind in kinds.items() if kind in {Type.STRING, Type.INT64}]
    if not floats:
        raise RefusedFile(
            "This ONNX model puts out labels only; export it with its probabilities or scores."
        )
    likely = [name for name in floats if "prob" in name.lower() or "score" in name.lower()]
    return (likely or floats)[0], bool(labels)


def _names(model: Any, width: int) -> tuple[str, ...]:
    for entry in model.metadata_props:
        if entry.key in NAMES:
            try:
                names = json.loads(entry.value)
            except ValueError:
                names = entry.value.split(",")
            if isinstance(names, list) and len(names) == width:
                return tuple(str(name).strip() for name in names)
    return ()


def _trees(node: Any) -> int:
    given = _attributes(node) if node.op_type.startswith("TreeEnsemble") else {}
    return len(set(given.get("nodes_treeids", given.get("tree_roots", []))))


def _bytes(model: Any) -> bytes:
    try:
        return bytes(model.SerializeToString())
    except (EncodeError, ValueError):
        raise RefusedFile("This ONNX model is larger than 2 GB.") from None
