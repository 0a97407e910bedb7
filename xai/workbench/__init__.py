"""What runs inside the jail: opens models and data, runs methods, writes arrays to its scratch.

No other process imports this package: the jailed child loads it by name after the jail is closed.
"""

from __future__ import annotations

from collections.abc import Callable

from xai.errors import InvalidParameter
from xai.vocabulary import Json, Progress
from xai.workbench import able, examples, inspect, kinds, shards


def _compile(_payload: Json, _progress: Progress) -> Json:
    from xai.methods.shapley.trees.warm import warm  # noqa: PLC0415 - numba, for this alone

    warm()
    return {}


_OPERATIONS: dict[str, Callable[[Json, Progress], Json]] = {
    "able": able.check,
    "inspect_model": inspect.inspect_model,
    "inspect_dataset": inspect.inspect_dataset,
    "fit": kinds.fit,
    "shard": shards.compute,
    "example": examples.make,
    "compile": _compile,
}


def handle(op: str, payload: Json, progress: Progress) -> Json:
    """Serve one request of the parent process."""
    if op not in _OPERATIONS:
        raise InvalidParameter(f"There is no operation {op!r}.")
    return _OPERATIONS[op](payload, progress)
