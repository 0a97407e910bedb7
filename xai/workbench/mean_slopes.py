"""The mean slope of every operation of a network between two inputs: what DeepLIFT multiplies.

A network is run on inputs and baselines together, the inputs in the first half of the rows. Where
an operation is not linear in what depends on them, its slope is replaced, on the way back, by its
mean slope along the line from the one activation to the other. For a function of a single number
that is Δout / Δin, the rescale rule; for a product it is the mean of the other factor, as in
DeepSHAP; for softmax and normalisation it is integrated by Gauss and Legendre's quadrature. Slopes
chained like this add up to the change of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_unflatten

from xai.errors import XaiError

SAME = 1e-5
"""Activations nearer than this are not divided by: the slope between them is taken instead."""

CURVES = {
    "relu", "relu6", "gelu", "silu", "mish", "selu", "elu", "celu", "leaky_relu", "tanh",
    "sigmoid", "softplus", "hardtanh", "hardswish", "hardsigmoid", "logsigmoid", "exp", "erf",
    "log", "log1p", "sqrt", "rsqrt", "reciprocal", "square", "abs", "clamp", "pow", "sin", "cos",
    "prelu",
}  # fmt: skip
"""Functions of each number by itself."""
PRODUCTS = {"mul", "multiply", "matmul", "bmm", "baddbmm", "einsum"}
"""Linear in each factor, so linear where one factor alone depends on the input."""
QUOTIENTS = {"div", "true_divide"}
"""Linear where the divisor does not depend on the input."""
MIXTURES = {
    "softmax", "log_softmax", "layer_norm", "rms_norm", "group_norm", "normalize", "norm",
    "logsumexp", "var", "std",
}  # fmt: skip
"""Functions of many numbers together."""
STRAIGHT = {
    "__get__", "add", "sub", "subtract", "rsub", "neg", "linear", "addmm", "conv1d", "conv2d",
    "mean", "sum", "cumsum", "avg_pool1d", "avg_pool2d", "fft_fftn", "real", "imag", "dropout",
    "view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "transpose", "swapaxes",
    "permute", "movedim", "t", "contiguous", "clone", "to", "float", "double", "type", "type_as",
    "cat", "concat", "concatenate", "stack", "hstack", "vstack", "chunk", "split", "unbind",
    "unfold", "unsqueeze", "squeeze", "expand", "expand_as", "repeat", "repeat_interleave",
    "tile", "__getitem__", "getitem", "index_select", "gather", "narrow", "select", "where",
    "masked_fill", "pad", "flip", "roll",
}  # fmt: skip
"""Linear in all their arguments together; their names with a final _ work in place."""
SCALED = {"mul_", "div_", "add_", "sub_", "masked_fill_"}
"""Work in place; linear where only what they change depends on the input."""


class Undefined(XaiError):
    """The rule does not say what to do with an operation of this network."""


@contextmanager
def recorded(network: nn.Module, rows: int, nodes: int) -> Iterator[None]:
    """Give the operations of a network their mean slopes, for the way back.

    Parameters
    ----------
    rows : int
        Inputs and baselines together; what does not depend on them has no gradient.
    nodes : int
        Places on the line where softmax and normalisation are differentiated.

    Raises
    ------
    Undefined
        Where an operation is neither linear nor one of those whose mean slope is known.
    """
    mode = _Mode(rows, nodes, type(network).__name__)
    handles = [
        handle
        for module in network.modules()
        # Such a module is one curve, whatever it is made of.
        if type(module).__module__ == "transformers.activations"
        for handle in (
            module.register_forward_pre_hook(mode.enter),
            module.register_forward_hook(mode.leave),
        )
    ]
    try:
        with mode:
            yield
    finally:
        for handle in handles:
            handle.remove()


class _Mode(TorchFunctionMode):
    def __init__(self, rows: int, nodes: int, network: str) -> None:
        super().__init__()
        self.rows, self.nodes, self.network, self.depth = rows, nodes, network, 0

    def enter(self, *_: Any) -> None:
        self.depth += 1

    def leave(self, module: nn.Module, given: tuple[Any, ...], found: Tensor) -> Tensor:
        self.depth -= 1
        inside: Tensor = _Curve.apply(  # type: ignore[no-untyped-call] # torch has no types here
            module.forward, found.detach(), given[0]
        )
        return inside

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs, name = kwargs or {}, getattr(func, "__name__", str(func))
        flat, shape = tree_flatten((args, kwargs))
        moving = [
            i for i, part in enumerate(flat) if isinstance(part, Tensor) and part.requires_grad
        ]
        if not moving or self.depth or self._is_straight(name, flat, moving):
            return func(*args, **kwargs)
        if name not in CURVES | PRODUCTS | QUOTIENTS | MIXTURES:
            found = func(*args, **kwargs)
            parts = tree_flatten(found)[0]
            if any(isinstance(part, Tensor) and part.requires_grad for part in parts):
                raise undefined(self.network, f"{name!r}")
            return found
        if any(flat[i].shape[0] % self.rows for i in moving):
            raise undefined(self.network, f"{name!r} across texts")
        return self._bent(func, name, (flat, shape, moving))

    def _is_straight(self, name: str, flat: list[Any], moving: list[int]) -> bool:
        first_only = moving == [0]
        return (
            name in STRAIGHT
            or (name in PRODUCTS and len(moving) == 1)
            or (name in QUOTIENTS | SCALED and first_only)
            or (name in {"add_", "sub_"} and all(isinstance(flat[i], Tensor) for i in moving))
        )

    def _bent(self, func: Any, name: str, call: tuple[list[Any], Any, list[int]]) -> Any:
        flat, shape, moving = call
        fixed, first = list(flat), flat[moving[0]]
        halved = [
            i
            for i, part in enumerate(flat)
            if isinstance(part, Tensor)
            and i not in moving
            and part.ndim == first.ndim
            and part.shape[0] == first.shape[0]
        ]

        def run(*given: Tensor) -> Tensor:
            parts = list(fixed)
            for i, part in zip(moving, given, strict=True):
                parts[i] = part
            if given[0].shape[0] < first.shape[0]:
                for i in halved:
                    parts[i] = parts[i][: given[0].shape[0]]
            args, kwargs = tree_unflatten(parts, shape)
            found: Tensor = func(*args, **kwargs)
            return found

        inputs = [flat[i] for i in moving]
        if name in CURVES:
            with torch.no_grad():
                found = run(*inputs)
            return _Curve.apply(run, found, *inputs)  # type: ignore[no-untyped-call]
        nodes = 1 if name in PRODUCTS else self.nodes
        return _Along.apply(run, nodes, *inputs)  # type: ignore[no-untyped-call]


def undefined(network: str, what: str) -> Undefined:
    """Return the refusal that names what has no multiplier."""
    return Undefined(
        f"DeepLIFT is not defined for {network}: its rules give no multiplier to {what}. "
        "Choose integrated gradients."
    )


def own_functions(found: Tensor) -> set[str]:
    """Return the operations behind a tensor whose way back is code of their own, unknown here."""
    ours = {"_CurveBackward", "_AlongBackward"}
    left, seen = [found.grad_fn], set()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        left += [one for one, _ in node.next_functions]
    own = {
        node.name() for node in seen if isinstance(node, torch.autograd.function.BackwardCFunction)
    }
    return {name.removesuffix("Backward") for name in own - ours}


class _Curve(torch.autograd.Function):
    """A function of each number by itself: back goes Δout / Δin, to the inputs alone."""

    @staticmethod
    def forward(ctx: Any, run: Callable[[Tensor], Tensor], found: Tensor, given: Tensor) -> Tensor:
        ctx.run = run
        ctx.save_for_backward(given, found)
        return found.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[None, None, Tensor]:
        (inputs, baselines), (top, bottom) = (_halves(one) for one in ctx.saved_tensors)
        change = inputs - baselines
        between = _slope(ctx.run, [(inputs + baselines) / 2], torch.ones_like(top))[0]
        is_same = change.abs() < SAME
        ratio = (top - bottom) / torch.where(is_same, 1.0, change)
        return None, None, _padded(slope[: len(inputs)] * torch.where(is_same, between, ratio))


class _Along(torch.autograd.Function):
    """Any other function: back goes its mean slope along the line between the two halves."""

    @staticmethod
    def forward(ctx: Any, run: Callable[..., Tensor], nodes: int, *given: Tensor) -> Tensor:
        ctx.run, ctx.nodes = run, nodes
        ctx.save_for_backward(*given)
        return run(*given)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Any, ...]:
        pairs = [_halves(one) for one in ctx.saved_tensors]
        places, weights = np.polynomial.legendre.leggauss(ctx.nodes)
        total = [torch.zeros_like(one) for one, _ in pairs]
        for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
            points = [baseline + place * (one - baseline) for one, baseline in pairs]
            found = _slope(ctx.run, points, slope[: len(slope) // 2])
            total = [kept + weight * one for kept, one in zip(total, found, strict=True)]
        return None, None, *map(_padded, total)


def _slope(run: Callable[..., Tensor], points: list[Tensor], outer: Tensor) -> tuple[Tensor, ...]:
    with torch.enable_grad():
        given = [point.detach().requires_grad_() for point in points]
        return torch.autograd.grad(run(*given), given, outer)


def _halves(whole: Tensor) -> tuple[Tensor, Tensor]:
    half = len(whole) // 2
    return whole[:half], whole[half:]


def _padded(half: Tensor) -> Tensor:
    """Give the baselines no gradient: what is sought is the slope at the inputs."""
    return torch.cat([half, torch.zeros_like(half)])
