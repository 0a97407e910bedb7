"""ONNX models for tables, run by onnxruntime on the processor, with no file but their own."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from xai.assets import margins, onnx_file
from xai.assets.encoding import Translation, as_categories, as_numbers
from xai.assets.onnx_facts import facts_of, features_of, invented
from xai.errors import LimitExceeded, NotApplicable, RefusedFile, XaiError
from xai.vocabulary import Contributions, Floats, Importance, Integers

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.model import Feature
    from xai.assets.onnx_file import Contents
    from xai.assets.table import Column

CHUNK = 50_000
MEMORY = re.compile(r"bad.?alloc|failed to allocate|out of memory", re.IGNORECASE)
MISSING_WORD = "missing"
HIDING = {"SVMClassifier", "SVMRegressor", "LinearClassifier", "LinearRegressor"}
"""Operators that turn a missing value into a number without a meaning."""


def load(path: Path, form: str) -> OnnxModel:
    """Read an ONNX model.

    Raises
    ------
    RefusedFile
        If it is damaged, unsafe, no model for tables, or gives NaN for every row.
    """
    contents = onnx_file.read(path.read_bytes())
    return OnnxModel(contents, session(contents.data), form)


def session(data: bytes) -> Any:
    """Return an open session of a checked graph, on the processor, with no file but its own."""
    options = onnxruntime.SessionOptions()
    threads = os.environ.get("OMP_NUM_THREADS", "1")
    options.intra_op_num_threads = int(threads) if threads.isdigit() else 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", tempfile.mkdtemp()
    )
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise RefusedFile(f"onnxruntime cannot open this model: {reason(error)}") from None


class OnnxModel:
    """A loaded graph, tried once on invented rows."""

    def __init__(self, contents: Contents, session: Any, form: str) -> None:
        self.contents = contents
        self.session = session
        features, kinds = features_of(contents)
        self.kinds = kinds
        tried = self._tried(features)
        self.facts = facts_of(contents, features, tried, form)
        if self._accepts_missing(features):
            self.facts = replace(self.facts, capabilities=(*self.facts.capabilities, "missing"))

    def bind(self, columns: tuple[Column, ...]) -> BoundOnnx:
        """Return the model for rows of these columns."""
        pairs = zip(self.facts.features, self.kinds, columns, strict=True)
        parts = [_part(feature, kind, column) for feature, kind, column in pairs]
        notes = tuple(note for _, note in parts if note)
        return BoundOnnx(self, tuple(part for part, _ in parts), notes)

    def run(self, feeds: dict[str, Any], rows: int) -> Floats:
        """Return the scores of so many rows, shape (rows, k)."""
        try:
            found = np.asarray(self.session.run([self.contents.scores], feeds)[0])
        except Exception as error:
            if MEMORY.search(str(error)):
                raise LimitExceeded(
                    "The ONNX model asked for more memory than it may have."
                ) from None
            raise XaiError(f"The ONNX model fails on these rows: {reason(error)}") from None
        if found.size == 0 or found.size % rows:
            raise XaiError(f"The ONNX model gives {found.shape} for {rows} rows.")
        return found.astype(np.float64).reshape(rows, -1)

    def _tried(self, features: tuple[Feature, ...]) -> Floats:
        """Return the scores of a few invented rows."""
        columns, rows = invented(features)
        parts = tuple(
            _part(feature, kind, column)[0]
            for feature, kind, column in zip(features, self.kinds, columns, strict=True)
        )
        found = BoundOnnx(self, parts, ()).scores(rows)
        if np.isnan(found).all():
            raise RefusedFile(
                "This ONNX model gives NaN for every row, so nothing can be explained."
            )
        return found

    def _accepts_missing(self, features: tuple[Feature, ...]) -> bool:
        operators = self.contents.operators
        if HIDING & set(operators) and "Imputer" not in operators:
            return False
        columns, rows = invented(features)
        try:
            found = self.bind(columns).outputs(np.full_like(rows, np.nan))
        except XaiError:
            return False
        return bool(np.isfinite(found).all())


@dataclass(frozen=True, slots=True)
class Part:
    """How one column becomes what the graph takes."""

    name: str
    kind: str
    translation: Translation
    words: Any | None = None
    nothing: str = ""

    def render(self, values: Floats) -> Any:
        """Return the column in the type of the input."""
        codes = self.translation.apply(values)
        missing = np.isnan(codes)
        if self.kind == "O":
            return self._text(codes, missing)
        if self.kind in {"i8", "i4", "?"}:
            if missing.any():
                raise XaiError(
                    f"Column {self.name} has missing values, but the ONNX model takes whole "
                    "numbers there, which cannot be missing. Fill them in the data."
                )
            return np.rint(codes).astype(self.kind)
        return codes.astype(self.kind)

    def _text(self, codes: Floats, missing: Any) -> Any:
        shown = np.full(len(codes), self.nothing, dtype=object)
        if self.words is not None:
            shown[~missing] = self.words[codes[~missing].astype(np.int64)]
        else:
            shown[~missing] = [f"{value:g}" for value in codes[~missing]]
        return shown


class BoundOnnx:
    """A graph that knows the columns it will see."""

    def __init__(self, model: OnnxModel, parts: tuple[Part, ...], notes: tuple[str, ...]) -> None:
        self._model = model
        self._parts = parts
        self.notes = notes

    def scores(self, matrix: Floats) -> Floats:
        """Return what the graph puts out, shape (m, k)."""
        size = self._model.contents.batch or CHUNK
        found = [self._chunk(matrix[i : i + size], size) for i in range(0, len(matrix), size)]
        if not found:
            return np.zeros((0, max(1, len(self._model.facts.outputs))))
        return np.concatenate(found)

    def outputs(self, matrix: Floats) -> Floats:
        """Return probabilities, logits or values, shape (m, k)."""
        found, facts = self.scores(matrix), self._model.facts
        if found.shape[1] == 1 and facts.problem == "classification":
            return np.column_stack([1 - found, found])
        return found

    def probabilities(self, matrix: Floats) -> Floats | None:
        """Return the probabilities, shape (m, k); None where the graph has none."""
        facts = self._model.facts
        if "probability" not in facts.capabilities:
            return None
        found = self.outputs(matrix)
        return found if facts.output == "probability" else margins.softmax(found)

    def values(self, matrix: Floats) -> Floats | None:
        """Return the predictions of a regression, shape (m,)."""
        if self._model.facts.problem == "classification":
            return None
        return self.outputs(matrix)[:, 0]

    def contributions(self, matrix: Floats, targets: Integers) -> Contributions:  # noqa: ARG002
        """Refuse: a graph has no exact algorithm of its own."""
        raise NotApplicable("ONNX models offer no exact contributions.")

    def ensemble(self) -> None:
        """Return nothing: an ONNX graph has no trees to take out."""

    def builtin(self, reference: Floats) -> tuple[Importance, ...]:  # noqa: ARG002 - the protocol
        """Refuse: a graph carries no importances."""
        raise NotApplicable("ONNX models carry no importances.")

    def _chunk(self, rows: Floats, size: int) -> Floats:
        batch, count = self._model.contents.batch, len(rows)
        if batch and count < size:
            rows = np.concatenate([rows, np.repeat(rows[-1:], size - count, axis=0)])
        columns = [part.render(rows[:, i]) for i, part in enumerate(self._parts)]
        feeds, start = {}, 0
        for given in self._model.contents.inputs:
            block = np.column_stack(columns[start : start + given.width])
            feeds[given.name] = block if given.rank == 2 else block[:, 0]
            start += given.width
        return self._model.run(feeds, len(rows))[:count]


def _part(feature: Feature, kind: str, column: Column) -> tuple[Part, str]:
    if kind != "O":
        return Part(column.name, kind, as_numbers(column)), ""
    nothing = MISSING_WORD if MISSING_WORD in feature.categories else ""
    if column.kind == "category" or not feature.categories:
        words = _objects(column.categories) if column.categories else None
        new = feature.categories and [w for w in column.categories if w not in feature.categories]
        note = f"Column {column.name}: {new[0]!r} did not occur in training." if new else ""
        return Part(column.name, kind, Translation(), words, nothing), note
    translation, note = as_categories(feature.categories, column)
    return Part(column.name, kind, translation, _objects(feature.categories), nothing), note


def _objects(words: tuple[str, ...]) -> Any:
    out = np.empty(len(words), dtype=object)
    out[:] = words
    return out


def reason(error: Exception) -> str:
    """Return the first line of what onnxruntime says, without its codes."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", lines[0])[:200]
