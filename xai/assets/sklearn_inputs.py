"""What a scikit-learn model wants to be fed: columns, their words, and the frame it was fitted on.

The words of a column are those its encoder learned, found by following the column through the
fitted steps. Rows are handed over as a pandas frame if the model was fitted with names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from xai.assets.encoding import Translation, as_categories, as_numbers, first_words
from xai.assets.model import Feature
from xai.assets.sklearn_trace import branches, owners
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from xai.assets.table import Column
    from xai.vocabulary import Floats

ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
TEXT = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "FeatureHasher")


@dataclass(frozen=True, slots=True)
class Words:
    """Values that an encoder learned for one column, as training held them."""

    values: Any
    nothing: Any
    """What stood for a missing value: NaN or None."""

    @property
    def kind(self) -> str:
        """Return "f" if all are numbers, "b" if all are truths, else "O"."""
        kinds = {np.asarray(value).dtype.kind for value in self.values}
        if kinds and kinds <= {"i", "u", "f"}:
            return "f"
        return "b" if kinds == {"b"} else "O"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The columns a model wants, and the words its encoders learned for some of them.

    Attributes
    ----------
    words : dict
        By position of the column.
    """

    features: tuple[Feature, ...]
    has_names: bool
    words: dict[int, Words]

    def bind(self, columns: tuple[Column, ...]) -> Renderer:
        """Fix how rows of `columns` become what the model wants."""
        pairs = zip(self.features, columns, strict=True)
        parts = [self._part(i, feature, column) for i, (feature, column) in enumerate(pairs)]
        names = tuple(feature.name for feature in self.features) if self.has_names else ()
        notes = tuple(note for _, note in parts if note)
        return Renderer(names, tuple(part for part, _ in parts), notes)

    def _part(self, position: int, feature: Feature, column: Column) -> tuple[Part, str]:
        words = self.words.get(position)
        if words is None or words.kind == "f":
            return Part(as_numbers(column)), ""
        if column.kind == "category" and words.kind == "O":
            return _by_text(words, column)
        translation, note = as_categories(feature.categories, column)
        return Part(translation, words), note


@dataclass(frozen=True, slots=True)
class Part:
    """One column: codes of the data to codes of the model, and what those stand for."""

    translation: Translation
    words: Words | None = None

    def render(self, values: Floats) -> Any:
        """Return the column as the model wants it: floats, or objects."""
        codes = self.translation.apply(values)
        if self.words is None:
            return codes
        missing = np.isnan(codes)
        shown = np.full(len(codes), self.words.nothing, dtype=object)
        shown[~missing] = self.words.values[codes[~missing].astype(np.int64)]
        return shown


@dataclass(frozen=True, slots=True)
class Renderer:
    """Rows as the model wants them."""

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def render(self, matrix: Floats) -> Any:
        """Return a frame if the model knows names, else an array."""
        if not self.names and all(part.words is None for part in self.parts):
            columns = [part.render(matrix[:, i]) for i, part in enumerate(self.parts)]
            return np.column_stack(columns)
        data = {i: part.render(matrix[:, i]) for i, part in enumerate(self.parts)}
        frame = pd.DataFrame(
            {i: pd.Series(v, dtype=object if v.dtype == object else None) for i, v in data.items()}
        )
        if not self.names:
            return frame.to_numpy(dtype=object)
        frame.columns = pd.Index(self.names, dtype=object)
        return frame


def inputs_of(model: Any) -> Inputs:
    """Read the columns from a fitted estimator.

    Raises
    ------
    RefusedFile
        If it reads raw text, or does not say how many columns it wants.
    """
    names = getattr(model, "feature_names_in_", None)
    count: Any = getattr(model, "n_features_in_", None)
    if _reads_text(model):
        raise RefusedFile(
            "This scikit-learn model reads raw text; text models are not in this version."
        )
    if names is None and count is None:
        raise RefusedFile(
            "This scikit-learn model does not say which columns it was trained on; fit it again "
            "on a table and save it."
        )
    total = int(count) if names is None else len(names)
    words: dict[int, Words] = {}
    _learn(model, list(range(total)), words)
    shown = [str(name) for name in names] if names is not None else [f"f{i}" for i in range(total)]
    features = tuple(_feature(name, words.get(i)) for i, name in enumerate(shown))
    return Inputs(features, names is not None, words)


def _feature(name: str, words: Words | None) -> Feature:
    if words is None:
        return Feature(name)
    return Feature(name, "category", tuple(_spelled(word) for word in words.values))


def _reads_text(model: Any) -> bool:
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    return any(type(step).__name__ in TEXT for step in steps)


def _learn(step: Any, before: list[int], words: dict[int, Words]) -> list[int] | None:
    """Note the words of every encoder in `step`; return the owners of its columns behind it."""
    if isinstance(step, ENCODERS):
        for owner, known in zip(before, step.categories_, strict=True):
            words.setdefault(owner, _words(known))
    elif isinstance(step, Pipeline):
        current: list[int] | None = before
        for _, part in step.steps:
            current = None if current is None else _learn(part, current, words)
        return current
    for part, positions in _inner(step):
        if positions is None and getattr(part, "n_features_in_", None) == len(before):
            _learn(part, before, words)
        elif positions is not None:
            _learn(part, [before[position] for position in positions], words)
    return owners(step, before)


def _inner(step: Any) -> list[tuple[Any, list[int] | None]]:
    """Return the estimators inside a meta-estimator, with their columns; None for all."""
    if isinstance(step, ColumnTransformer):
        return [(transformer, positions) for _, transformer, positions in branches(step)]
    if isinstance(step, FeatureUnion):
        return [(part, None) for _, part in step.transformer_list]
    names = ("best_estimator_", "estimator_", "regressor_", "_preprocessor")
    several = getattr(step, "estimators_", None)
    calibrated = getattr(step, "calibrated_classifiers_", None) or []
    parts = [
        *[getattr(step, name, None) for name in names],
        *(several if isinstance(several, list) else []),
        *[part.estimator for part in calibrated],
    ]
    return [(part, None) for part in parts if part is not None]


def _words(known: Any) -> Words:
    values = np.asarray(known).tolist()
    present = [value for value in values if not pd.isna(value)]
    return Words(_objects(present), None if None in values else np.nan)


def _by_text(words: Words, column: Column) -> tuple[Part, str]:
    """Hand words over as they are: an encoder knows itself what to do with a new one."""
    by_text = {_spelled(word): word for word in words.values}
    shown = _objects([by_text.get(word, word) for word in column.categories])
    new = [word for word in column.categories if word not in by_text]
    note = f"Column {column.name}: {first_words(new)} did not occur in training." if new else ""
    return Part(Translation(), Words(shown, words.nothing)), note


def _objects(values: Any) -> Any:
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _spelled(word: Any) -> str:
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    return str(word)
