"""Which libraries computed a result, for the manifest."""

from __future__ import annotations

import platform
import sys
from functools import lru_cache
from importlib import metadata

_WATCHED = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "skops",
    "shap",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "onnxruntime",
    "torch",
    "captum",
    "transformers",
    "tokenizers",
    "safetensors",
    "Pillow",
)


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed scientific libraries."""
    found = {"python": platform.python_version(), "platform": sys.platform}
    for name in _WATCHED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
