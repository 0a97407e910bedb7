"""The Parquet tables of a job: the columns of the public bundle, made from checked arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from xai.vocabulary import Json

Arrays = Mapping[str, np.ndarray]

ATTRIBUTIONS = pa.schema(
    [
        ("method", pa.string()),
        ("sample", pa.int64()),
        ("target", pa.string()),
        ("output", pa.int32()),
        ("names", pa.list_(pa.string())),
        ("values", pa.list_(pa.float32())),
        ("shape", pa.list_(pa.int32())),
        ("base", pa.float64()),
        ("error", pa.float64()),
    ]
)
ERRORS = pa.schema(
    [
        ("method", pa.string()),
        ("sample", pa.int64()),
        ("target", pa.string()),
        ("output", pa.int32()),
        ("names", pa.list_(pa.string())),
        ("values", pa.list_(pa.float32())),
    ]
)
INTERACTIONS = pa.schema(
    [
        ("method", pa.string()),
        ("sample", pa.int64()),
        ("target", pa.string()),
        ("output", pa.int32()),
        ("names", pa.list_(pa.string())),
        ("values", pa.list_(pa.float32())),
        ("errors", pa.list_(pa.float32())),
    ]
)
PAIRS = pa.schema(
    [
        ("first", pa.string()),
        ("second", pa.string()),
        ("size", pa.float64()),
        ("mean", pa.float64()),
    ]
)
IMPORTANCE = pa.schema(
    [
        ("method", pa.string()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def attribution_files(
    job: Mapping[str, Json], facts: Mapping[str, Json], arrays: Arrays
) -> dict[str, pa.Table]:
    """Return attributions, standard errors where estimated, and the mean |value| per unit."""
    label = f"self:{job['method']}" if job["role"] == "self" else job["method"]
    names, targets = facts["names"], _targets(facts, arrays)
    n, units = arrays["values"].shape
    shared = {
        "method": pa.array([label] * n),
        "sample": pa.array(arrays["rows"], pa.int64()),
        "target": pa.array(targets),
        "output": pa.array(np.zeros(n), pa.int32()),
        "names": _same_list(names, n),
    }
    columns = shared | {
        "values": _lists(arrays["values"], pa.float32()),
        "shape": _same_list([units], n, pa.int32()),
        "base": _floats(arrays.get("base"), n),
        "error": _floats(_one_error(arrays), n),
    }
    files = {
        "attributions.parquet": _table(columns, ATTRIBUTIONS),
        "importance.parquet": _importance(label, names, arrays["values"]),
    }
    if "error" in arrays:
        errors = shared | {"values": _lists(arrays["error"], pa.float32())}
        files["errors.parquet"] = _table(errors, ERRORS)
    if "pairs" in arrays:
        pairs = shared | {
            "values": _lists(arrays["pairs"], pa.float32()),
            "errors": _lists(arrays["pair_error"], pa.float32())
            if "pair_error" in arrays
            else pa.nulls(n, pa.list_(pa.float32())),
        }
        files["interactions.parquet"] = _table(pairs, INTERACTIONS)
        files["pairs.parquet"] = _pairs(names, arrays["pairs"])
    return files


def predictions(facts: Mapping[str, Json], arrays: Arrays) -> pa.Table:
    """Return what the model says for each chosen row, beside the label where it is known."""
    n, targets = len(arrays["rows"]), arrays["targets"]
    predicted = arrays["outputs"].argmax(axis=1)
    probabilities = arrays.get("probabilities")
    labels, correct = _truth(facts, arrays, predicted)
    return pa.table(
        {
            "sample": pa.array(arrays["rows"], pa.int64()),
            "target": pa.array(_targets(facts, arrays)),
            "value": pa.array(arrays["outputs"][np.arange(n), targets], pa.float64()),
            "probability": _floats(
                None if probabilities is None else probabilities[np.arange(n), targets], n
            ),
            "label": pa.array(labels, pa.string()),
            "predicted": pa.array([facts["outputs"][i] for i in predicted], pa.string()),
            "correct": pa.array(correct, pa.bool_()),
            "outputs": _lists(arrays["outputs"], pa.float64()),
        }
    )


def inputs(facts: Mapping[str, Json], arrays: Arrays) -> pa.Table:
    """Return the features of each chosen row: as a person reads them, and as numbers."""
    matrix, n = arrays["inputs"], len(arrays["rows"])
    # Column by column: as Python's strings all at once, a large table would fill the memory.
    shown = pa.concat_arrays(
        [
            pa.array(_display(column, matrix[:, position]), pa.string())
            for position, column in enumerate(facts["columns"])
        ]
    )
    flat = shown.take(pa.array(np.arange(matrix.size).reshape(-1, n).T.ravel()))
    offsets = np.arange(n + 1, dtype=np.int32) * matrix.shape[1]
    return pa.table(
        {
            "sample": pa.array(arrays["rows"], pa.int64()),
            "display": pa.ListArray.from_arrays(offsets, flat),
            "numbers": _lists(matrix, pa.float64()),
        }
    )


def _display(column: Mapping[str, Json], numbers: np.ndarray) -> list[str]:
    known = np.isfinite(numbers)
    if column["kind"] == "number":
        return [f"{x:.10g}" if ok else "missing" for x, ok in zip(numbers, known, strict=True)]
    words = column["categories"]
    return [words[int(x)] if ok else "missing" for x, ok in zip(numbers, known, strict=True)]


def _truth(
    facts: Mapping[str, Json], arrays: Arrays, predicted: np.ndarray
) -> tuple[list[str | None], list[bool | None]]:
    n = len(predicted)
    if "labels" not in arrays:
        return [None] * n, [None] * n
    labels = arrays["labels"]
    if facts["problem"] == "regression":
        return [f"{x:.10g}" if np.isfinite(x) else None for x in labels], [None] * n
    names = facts["outputs"]
    return (
        [names[int(x)] if np.isfinite(x) else None for x in labels],
        [bool(x == p) if np.isfinite(x) else None for x, p in zip(labels, predicted, strict=True)],
    )


def _importance(label: str, names: list[str], values: np.ndarray) -> pa.Table:
    """Return mean |value| with the 95 % interval of a mean over the samples (normal)."""
    # Of the values as they are written: whoever computes it again gets the same number.
    size = np.abs(values.astype(np.float32).astype(np.float64))
    mean = size.mean(axis=0)
    spread = size.std(axis=0, ddof=1) if len(size) > 1 else np.full(len(mean), np.nan)
    half = 1.96 * spread / np.sqrt(len(size))
    bounds = [
        [
            None if np.isnan(h) else max(0.0, float(m + sign * h))
            for m, h in zip(mean, half, strict=True)
        ]
        for sign in (-1, 1)
    ]
    columns = {
        "method": [label] * len(names),
        "name": names,
        "value": mean,
        "low": bounds[0],
        "high": bounds[1],
    }
    return pa.table(columns, schema=IMPORTANCE)


def _pairs(names: list[str], values: np.ndarray) -> pa.Table:
    """Return what a page shows of all samples: mean |interaction|, and the mean itself."""
    first, second = np.triu_indices(len(names), 1)
    columns = {
        "first": [names[i] for i in first],
        "second": [names[i] for i in second],
        "size": np.abs(values).mean(axis=0),
        "mean": values.mean(axis=0),
    }
    return pa.table(columns, schema=PAIRS)


def _one_error(arrays: Arrays) -> np.ndarray | None:
    """Return the largest standard error of each row, or its completeness gap if none is sampled."""
    if "error" in arrays:
        return np.asarray(np.nanmax(arrays["error"], axis=1))
    return np.abs(arrays["residual"]) if "residual" in arrays else None


def _targets(facts: Mapping[str, Json], arrays: Arrays) -> list[str]:
    return [facts["outputs"][i] for i in arrays["targets"]]


def _lists(matrix: np.ndarray, kind: pa.DataType) -> pa.ListArray:
    n, units = matrix.shape
    offsets = np.arange(n + 1, dtype=np.int32) * units
    return pa.ListArray.from_arrays(offsets, pa.array(matrix.ravel(), kind, from_pandas=False))


def _same_list(items: list[Json], n: int, kind: pa.DataType | None = None) -> pa.ListArray:
    offsets = np.arange(n + 1, dtype=np.int32) * len(items)
    once = pa.array(items, kind or pa.string())
    every = np.tile(np.arange(len(items)), n)
    return pa.ListArray.from_arrays(offsets, once.take(pa.array(every)))


def _floats(array: np.ndarray | None, n: int) -> pa.Array:
    return pa.nulls(n, pa.float64()) if array is None else pa.array(array, pa.float64())


def _table(columns: Mapping[str, pa.Array], schema: pa.Schema) -> pa.Table:
    return pa.table(
        {name: columns[name].cast(schema.field(name).type) for name in schema.names}, schema=schema
    )
