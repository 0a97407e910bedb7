"""The examples that run without any upload: which module writes a model, and which its data."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from xai.errors import InvalidParameter
from xai.vocabulary import Json, Progress

_MODULES = {
    "breast-cancer": "xai.workbench.example_tumours",
    "reviews": "xai.workbench.example_reviews",
    "shapes": "xai.workbench.example_shapes",
    "stories": "xai.workbench.example_stories",
}


def make(payload: Json, progress: Progress) -> Json:
    """Write the model or the dataset of an example to the file `out`, seeded.

    Every module of an example offers `write_model(path, progress)`, which may train for some
    seconds, and `write_dataset(path, progress)`.
    """
    module = _MODULES.get(payload["example"])
    if module is None or payload["purpose"] not in {"model", "dataset"}:
        raise InvalidParameter(f"There is no example {payload['example']!r}.")
    # Imported here: each brings libraries that the others do not need.
    write: Callable[[Path, Progress], None] = getattr(
        import_module(module), f"write_{payload['purpose']}"
    )
    write(Path(payload["out"]), progress)
    return None
