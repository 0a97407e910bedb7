"""Open a model file of any supported format; the format's library is imported only now."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.model import TabularModel

MODULES = {
    "xgboost-json": "xai.assets.xgboost",
    "xgboost-ubj": "xai.assets.xgboost",
    "lightgbm": "xai.assets.lightgbm",
    "skops": "xai.assets.sklearn",
    "onnx": "xai.assets.onnx",
}
"""Format, as `sniff` names it, to the module whose `load(path, format)` reads it."""


def load_model(path: Path, format: str) -> TabularModel:  # noqa: A002 - the contract's word
    """Return the model in the file at `path`.

    Raises
    ------
    RefusedFile
        If the file is damaged, unsafe or of a kind that is not explained; the text says why.
    """
    if format not in MODULES:
        raise RefusedFile(f"{format} is not a model format; it is one of: {', '.join(MODULES)}.")
    model: TabularModel = import_module(MODULES[format]).load(path, format)
    return model
