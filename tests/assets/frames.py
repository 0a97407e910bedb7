"""A pandas frame as the columns and the matrix that the reader of tables would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xai.assets.table import Column

if TYPE_CHECKING:
    from xai.vocabulary import Floats


def encoded(frame: pd.DataFrame) -> tuple[tuple[Column, ...], Floats]:
    """Encode numbers as they are, words and booleans as codes."""
    pairs = [_column(str(name), frame[name]) for name in frame]
    return tuple(column for column, _ in pairs), np.column_stack([values for _, values in pairs])


def _column(name: str, series: pd.Series) -> tuple[Column, Floats]:
    if series.dtype == bool:
        return Column(name, "boolean", ("False", "True")), series.to_numpy(float)
    if pd.api.types.is_numeric_dtype(series):
        return Column(name, "number"), series.to_numpy(float)
    kept = series.astype("object").where(series.notna())
    codes = kept.astype("category").cat
    values = codes.codes.to_numpy(float)
    values[values < 0] = np.nan
    return Column(name, "category", tuple(str(word) for word in codes.categories)), values
