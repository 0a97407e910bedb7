"""Where a torch network can be cut, found without knowing its architecture.

A module is a cut when the logits of an image become those of another as soon as the other's output
of that module is put in. The head then runs the network with everything before the cut replaced by
zeros of the right shape: their values cannot matter, and only what follows costs time.
Source: our own; the released code cuts a list of children, which no transformers model is.
Cost: one forward pass on two images, then one head per candidate, from the last backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree

from xai.methods.concepts.layout import Layout, layout

PLACES_LEAST = 9
CUTS_MOST = 16
TRIED_MOST = 80
SAME = 1e-4

Forward = Callable[[Tensor], Tensor]


class _Reached(Exception):
    """The encoder's last layer has spoken."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True, slots=True)
class _Shape:
    """Stands for a tensor that a skipped module would have given, per image."""

    lead: float
    shape: tuple[int, ...]
    dtype: torch.dtype

    def blank(self, batch: int) -> Tensor:
        lead = round(self.lead * batch)
        return torch.zeros((), dtype=self.dtype).expand(lead, *self.shape)


@dataclass(slots=True)
class _Call:
    """One module's turn in a forward pass."""

    name: str
    module: nn.Module
    began: int
    ended: int = -1
    output: Any = None
    main: Tensor | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class NetworkCut:
    """A network cut behind one of its modules."""

    name: str
    grid: tuple[int, int]
    channels: int
    forward: Forward
    module: nn.Module
    layout: Layout
    output: Any
    skipped: tuple[tuple[nn.Module, Any], ...] = field(repr=False)
    image: tuple[int, ...] = ()
    has_gradient: bool = True

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network up to the cut: maps (b, h, w, c) and placeless tokens (b, t, c)."""

        def stop(_module: nn.Module, _inputs: Any, output: Any) -> None:
            raise _Reached(output)

        handle = self.module.register_forward_hook(stop)
        try:
            self.forward(images)
        except _Reached as reached:
            return self.layout.read(_main(reached.found))
        finally:
            handle.remove()
        message = f"{self.name} was not reached."
        raise RuntimeError(message)

    def head(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Run what follows the cut: logits (b, k)."""
        # A copy, because what follows may write into it.
        given, batch = self.layout.write(maps, rest).clone(), len(maps)
        output = _with_main(self.output, given, batch)
        swaps = [(self.module, output)]
        swaps += [(module, _blank(shapes, batch)) for module, shapes in self.skipped]
        with _answering(swaps):
            return self.forward(torch.zeros(()).expand(batch, *self.image))


@torch.no_grad()
def network_cuts(
    network: nn.Module, forward: Forward, images: Tensor, *, is_channels_last: bool = False
) -> tuple[NetworkCut, ...]:
    """Return the places where a network can be cut, first to last.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    forward : callable
        Images (b, …) to logits (b, k), through `network`.
    images : Tensor of shape (2, *image)
        Two different images.
    """
    calls, logits = _record(network, forward, images)
    size = tuple(images.shape[1:3] if is_channels_last else images.shape[2:4])
    found: list[NetworkCut] = []
    for tried, call in enumerate(reversed(_candidates(calls))):
        if tried >= TRIED_MOST or len(found) >= CUTS_MOST:
            break
        shape = () if call.main is None else tuple(call.main.shape[1:])
        place = layout(shape, (size[0], size[1]))
        if place is None or place.grid[0] * place.grid[1] < PLACES_LEAST:
            continue
        cut = _cut(call, calls, forward, place, tuple(images.shape[1:]))
        if _is_cut(cut, call, logits):
            found.append(cut)
    return tuple(reversed(found))


def _record(network: nn.Module, forward: Forward, images: Tensor) -> tuple[list[_Call], Tensor]:
    """Run once and note which module spoke when, and what it said."""
    calls: dict[nn.Module, _Call] = {}
    clock = iter(range(10**9))

    def before(module: nn.Module, _inputs: Any) -> None:
        if module in calls:
            calls[module].times += 1
        else:
            calls[module] = _Call(names[module], module, next(clock))

    def after(module: nn.Module, _inputs: Any, output: Any) -> None:
        call, main = calls[module], _main(output)
        call.ended, call.output = next(clock), output
        # A copy: a later layer may write into what this one gave.
        call.main = None if main is None else main.clone()

    names = {module: name for name, module in network.named_modules() if name}
    handles = [module.register_forward_pre_hook(before) for module in names]
    handles += [module.register_forward_hook(after) for module in names]
    try:
        logits = forward(images)
    finally:
        for handle in handles:
            handle.remove()
    return list(calls.values()), logits


def _candidates(calls: list[_Call]) -> list[_Call]:
    """Return modules with one tensor per image, in order; of several with the same, the last."""
    kept: list[_Call] = []
    for call in sorted(calls, key=lambda c: c.ended):
        main = call.main if call.times == 1 else None
        if main is None or main.ndim < 3 or len(main) != 2 or not main.is_floating_point():
            continue
        if kept and kept[-1].main is not None and torch.equal(kept[-1].main, main):
            kept.pop()
        kept.append(call)
    return kept


def _cut(
    call: _Call, calls: list[_Call], forward: Forward, place: Layout, image: tuple[int, ...]
) -> NetworkCut:
    done = {o.name: o for o in calls if o.times == 1 and o.ended < call.began}
    # What a skipped module holds is not asked.
    outer = [o for name, o in done.items() if not any(part in done for part in _above(name))]
    return NetworkCut(
        name=call.name,
        grid=place.grid,
        channels=place.channels,
        forward=forward,
        module=call.module,
        layout=place,
        output=_shapes(call.output),
        skipped=tuple((other.module, _shapes(other.output)) for other in outer),
        image=image,
    )


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]


def _is_cut(cut: NetworkCut, call: _Call, logits: Tensor) -> bool:
    """Give each image the other's activations: at a cut its logits become the other's."""
    if call.main is None:
        return False
    try:
        maps, rest = cut.layout.read(torch.flip(call.main, (0,)))
        found = cut.head(maps, rest)
    except Exception:
        # Skipped modules may be written into in place, or hand over more than tensors.
        return False
    scale = float(logits.abs().amax().clamp_min(1e-6))
    return (
        found.shape == logits.shape and float((found - logits.flip(0)).abs().amax()) < SAME * scale
    )


@contextmanager
def _answering(swaps: list[tuple[nn.Module, Any]]) -> Iterator[None]:
    """Let modules answer at once with something given."""
    for module, answer in swaps:
        module.forward = lambda *_args, _answer=answer, **_named: _answer
    try:
        yield
    finally:
        for module, _answer in swaps:
            module.__dict__.pop("forward", None)


def _main(output: Any) -> Any:
    """Return the tensor a module is about: its output, or the first of a tuple."""
    if isinstance(output, tuple) and output:
        output = output[0]
    return output if isinstance(output, Tensor) else None


def _with_main(shapes: Any, main: Tensor, batch: int) -> Any:
    return (main, *_blank(shapes[1:], batch)) if isinstance(shapes, tuple) else main


def _shapes(output: Any) -> Any:
    """Replace every tensor by what it takes to make blanks like it for another batch."""
    return _pytree.tree_map(
        lambda x: (
            _Shape(x.shape[0] / 2, tuple(x.shape[1:]), x.dtype)
            if isinstance(x, Tensor) and x.ndim
            else x
        ),
        output,
    )


def _blank(shapes: Any, batch: int) -> Any:
    return _pytree.tree_map(
        lambda x: x.blank(batch) if isinstance(x, _Shape) else x,
        shapes,
        is_leaf=lambda x: isinstance(x, _Shape),
    )
