"""Results as plain data: what JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from xai.vocabulary import Json


def plain(value: Json) -> Json:
    """Return plain data: null for every number that JSON cannot hold, no types of numpy."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
