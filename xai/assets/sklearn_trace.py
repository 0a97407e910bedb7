"""Which input column each column behind scikit-learn's preprocessing comes from.

`owners` answers from the structure of the fitted steps; a step it does not know, or one that mixes
columns, gives None: then nothing is summed per column, rather than something wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn import preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Owners = list[int]

ONE_TO_ONE = (
    preprocessing.StandardScaler,
    preprocessing.MinMaxScaler,
    preprocessing.MaxAbsScaler,
    preprocessing.RobustScaler,
    preprocessing.PowerTransformer,
    preprocessing.QuantileTransformer,
    preprocessing.Binarizer,
    preprocessing.OrdinalEncoder,
    preprocessing.FunctionTransformer,
)


def owners(step: Any, before: Owners) -> Owners | None:
    """Return the input column of each column that `step` puts out; None if that is not one.

    Parameters
    ----------
    step : a fitted transformer, "passthrough", "drop" or None
    before : list of int
        The input column of each column that goes in.
    """
    if step is None or step == "passthrough" or isinstance(step, ONE_TO_ONE):
        return list(before)
    if step == "drop":
        return []
    for kind, answer in _ANSWERS:
        if isinstance(step, kind):
            return answer(step, before)
    return None


def branches(step: ColumnTransformer) -> Iterator[tuple[str, Any, list[int]]]:
    """Yield the name, the fitted transformer and the input positions of each branch."""
    for name, transformer, _ in step.transformers_:
        positions = step._transformer_to_input_indices.get(name, [])  # noqa: SLF001 - no public way
        yield name, transformer, [int(position) for position in positions]


def _through(step: Pipeline, before: Owners) -> Owners | None:
    current: Owners | None = before
    for _, part in step.steps:
        if current is None:
            return None
        current = owners(part, current)
    return current


def _split(step: ColumnTransformer, before: Owners) -> Owners | None:
    slices = step.output_indices_
    width = max((part.stop for part in slices.values()), default=0)
    found: list[int | None] = [None] * width
    for name, transformer, positions in branches(step):
        block = owners(transformer, [before[position] for position in positions])
        place = slices.get(name, slice(0, 0))
        if block is None or len(block) != place.stop - place.start:
            return None
        found[place] = block
    return None if None in found else [owner for owner in found if owner is not None]


def _joined(step: FeatureUnion, before: Owners) -> Owners | None:
    found: Owners = []
    for _, transformer in step.transformer_list:
        block = owners(transformer, before)
        if block is None:
            return None
        found += block
    return found


def _imputed(step: SimpleImputer, before: Owners) -> Owners | None:
    kept = [
        owner
        for owner, value in zip(before, step.statistics_, strict=True)
        if step.keep_empty_features or step.strategy == "constant" or not pd.isna(value)
    ]
    if step.add_indicator:
        kept += [before[position] for position in step.indicator_.features_]
    return kept


def _indicated(step: MissingIndicator, before: Owners) -> Owners | None:
    return [before[position] for position in step.features_]


def _one_hot(step: preprocessing.OneHotEncoder, before: Owners) -> Owners | None:
    widths = step._n_features_outs  # noqa: SLF001 - no public way with infrequent words
    return np.repeat(before, widths).tolist()


def _binned(step: preprocessing.KBinsDiscretizer, before: Owners) -> Owners | None:
    if step.encode == "ordinal":
        return list(before)
    return np.repeat(before, np.asarray(step.n_bins_, dtype=np.int64)).tolist()


def _splines(step: preprocessing.SplineTransformer, before: Owners) -> Owners | None:
    return np.repeat(before, step.n_features_out_ // len(before)).tolist()


def _by_target(step: preprocessing.TargetEncoder, before: Owners) -> Owners | None:
    classes = len(step.classes_) if step.target_type_ == "multiclass" else 1
    return np.repeat(before, classes).tolist()


def _selected(step: SelectorMixin, before: Owners) -> Owners | None:
    return [before[position] for position in np.flatnonzero(step.get_support())]


_ANSWERS: tuple[tuple[type, Callable[[Any, Owners], Owners | None]], ...] = (
    (Pipeline, _through),
    (ColumnTransformer, _split),
    (FeatureUnion, _joined),
    (SimpleImputer, _imputed),
    (MissingIndicator, _indicated),
    (preprocessing.OneHotEncoder, _one_hot),
    (preprocessing.KBinsDiscretizer, _binned),
    (preprocessing.SplineTransformer, _splines),
    (preprocessing.TargetEncoder, _by_target),
    (SelectorMixin, _selected),
)
