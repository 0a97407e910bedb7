"""Models that pass inspection and misbehave on the data they are then given: ONNX, no code."""

from __future__ import annotations

import numpy as np

NAUGHTY = {
    "hang": ("hang", 1e15),
    "eat": ("eat memory", 3e9),
    "nan": ("answer NaN", -1.0),
}
"""What each is said to do, and the value of the first feature that makes it so."""


def write(slug, folder):
    """Write a model and its data; return their paths."""
    import onnx

    model, data = folder / f"{slug}.onnx", folder / f"{slug}.csv"
    onnx.save(_model(slug), model)
    fresh = np.random.default_rng(3)
    values = fresh.uniform(1, 2, size=(40, 3))
    values[25, 0] = NAUGHTY[slug][1]
    rows = [",".join(f"{value:.17g}" for value in row) for row in values]
    data.write_text("\n".join(["a,b,c", *rows]) + "\n")
    return model, data


def _model(slug):
    """Build scores (n, 1) from x (n, 3), by way of what the first column asks for."""
    from onnx import TensorProto, helper

    graph = {"hang": _looping, "eat": _spreading, "nan": _rooting}[slug](helper, TensorProto)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _graph(helper, kinds, nodes, constants=()):
    x = helper.make_tensor_value_info("x", kinds.DOUBLE, ["n", 3])
    y = helper.make_tensor_value_info("y", kinds.DOUBLE, ["n", 1])
    return helper.make_graph(nodes, "naughty", [x], [y], initializer=list(constants))


def _highest(helper, kinds):
    """Nodes that give the highest first value as an integer, at most what the batch holds."""
    nodes = [
        helper.make_node("Gather", ["x", "zero"], ["first"], axis=1),
        helper.make_node("ReduceMax", ["first"], ["high"], keepdims=0),
        helper.make_node("Cast", ["high"], ["count"], to=kinds.INT64),
        helper.make_node("ReduceSum", ["x", "one"], ["sum"], keepdims=1),
    ]
    constants = [
        helper.make_tensor("zero", kinds.INT64, [1], [0]),
        helper.make_tensor("one", kinds.INT64, [1], [1]),
    ]
    return nodes, constants


def _looping(helper, kinds):
    """Count to the highest first value, one step at a time."""
    nodes, constants = _highest(helper, kinds)
    inner = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["held", "tiny"], ["held_on"]),
        ],
        "step",
        [
            helper.make_tensor_value_info("step", kinds.INT64, []),
            helper.make_tensor_value_info("go", kinds.BOOL, []),
            helper.make_tensor_value_info("held", kinds.DOUBLE, []),
        ],
        [
            helper.make_tensor_value_info("go_on", kinds.BOOL, []),
            helper.make_tensor_value_info("held_on", kinds.DOUBLE, []),
        ],
    )
    constants += [
        helper.make_tensor("tiny", kinds.DOUBLE, [], [1e-30]),
        helper.make_tensor("none", kinds.DOUBLE, [], [0.0]),
        helper.make_tensor("true", kinds.BOOL, [], [True]),
    ]
    nodes += [
        helper.make_node("Loop", ["count", "true", "none"], ["counted"], body=inner),
        helper.make_node("Add", ["sum", "counted"], ["y"]),
    ]
    return _graph(helper, kinds, nodes, constants)


def _spreading(helper, kinds):
    """Spread a number over as many cells as the highest first value says, and add them up."""
    nodes, constants = _highest(helper, kinds)
    constants += [
        helper.make_tensor("flat", kinds.INT64, [1], [-1]),
        helper.make_tensor("none", kinds.DOUBLE, [1], [0.0]),
        helper.make_tensor("only", kinds.INT64, [1], [0]),
    ]
    nodes += [
        helper.make_node("Reshape", ["count", "flat"], ["shape"]),
        helper.make_node("Expand", ["none", "shape"], ["wide"]),
        helper.make_node("CumSum", ["wide", "axis"], ["run"]),
        helper.make_node("ReduceSum", ["run", "only"], ["counted"], keepdims=0),
        helper.make_node("Add", ["sum", "counted"], ["y"]),
    ]
    constants.append(helper.make_tensor("axis", kinds.INT64, [], [0]))
    return _graph(helper, kinds, nodes, constants)


def _rooting(helper, kinds):
    """Take the root of the first value: not a number below 0."""
    nodes = [
        helper.make_node("Gather", ["x", "zero"], ["first"], axis=1),
        helper.make_node("Sqrt", ["first"], ["y"]),
    ]
    return _graph(helper, kinds, nodes, [helper.make_tensor("zero", kinds.INT64, [1], [0])])
