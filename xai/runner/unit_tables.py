"""The Parquet tables of a job whose units differ by sample: tokens, parts of pictures."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from xai.runner.tables import ATTRIBUTIONS, ERRORS, IMPORTANCE, predictions
from xai.vocabulary import Floats, Integers, Json

Arrays = Mapping[str, np.ndarray]

WALKS = pa.schema(
    [
        ("method", pa.string()),
        ("sample", pa.int64()),
        ("output", pa.int32()),
        ("contributions", pa.list_(pa.float32())),
        ("errors", pa.list_(pa.float32())),
        ("stopped", pa.int32()),
        ("probes", pa.int32()),
        ("steps", pa.float64()),
    ]
)
"""Signed evidence per step with its standard error over probes, and how the probes ended."""

NAMES_MOST = 2_000
"""Unit names kept in the importance of a job, the most important first."""


def attribution_files(
    job: Mapping[str, Json], replies: Sequence[Json], arrays: Arrays
) -> dict[str, pa.Table]:
    """Return attributions, standard errors where estimated, and the mean |value| per unit name.

    Parameters
    ----------
    replies : sequence of dict
        Of the parts, in order; their arrays follow one another in `arrays`.
    """
    label = f"self:{job['method']}" if job["role"] == "self" else job["method"]
    count, offsets = len(arrays["rows"]), _offsets(arrays["lengths"])
    texts = [list(text) for reply in replies for text in reply["texts"]]
    of = _samples(replies, arrays)
    shared = {
        "method": pa.array([label] * count, pa.string()),
        "sample": pa.array(arrays["rows"], pa.int64()),
        "target": pa.array([t for reply in replies for t in reply["targets"]], pa.string()),
        "output": pa.array(arrays["output"], pa.int32()),
        "names": pa.array([texts[i] for i in of], pa.list_(pa.string())),
    }
    columns = shared | {
        "values": _lists(arrays["values"], offsets),
        "shape": pa.array(_shapes(arrays["shapes"], texts, of), pa.list_(pa.int32())),
        "base": _floats(arrays.get("base"), count),
        "error": _floats(_one_error(arrays, offsets), count),
    }
    files = {
        "attributions.parquet": pa.table(columns, schema=ATTRIBUTIONS),
        "importance.parquet": _importance(label, texts, of, arrays),
    }
    if "error" in arrays:
        errors = shared | {"values": _lists(arrays["error"], offsets)}
        files["errors.parquet"] = pa.table(errors, schema=ERRORS)
    return files


def walk_files(
    job: Mapping[str, Json], replies: Sequence[Json], arrays: Arrays
) -> dict[str, pa.Table]:
    """Return what the probes of a walking method found: one row per output; nothing for others."""
    found = per_sample(replies)
    if job["role"] == "self" or "contributions" not in found:
        return {}
    flat = {
        name: [row for sample in found[name] for row in sample]
        for name in ("contributions", "contribution_errors", "stopped", "steps")
    }
    columns = {
        "method": [job["method"]] * len(arrays["rows"]),
        "sample": arrays["rows"],
        "output": arrays["output"],
        "contributions": flat["contributions"],
        "errors": flat["contribution_errors"],
        "stopped": flat["stopped"],
        "probes": [int(job["params"]["probes"])] * len(arrays["rows"]),
        "steps": flat["steps"],
    }
    return {"walks.parquet": pa.table(columns, schema=WALKS)}


def prediction_files(replies: Sequence[Json], arrays: Arrays) -> dict[str, pa.Table]:
    """Return what the model says of each sample, and each sample as a page shows it."""
    table = predictions(replies[0], arrays)
    if "target_texts" in replies[0]:
        texts = [text for reply in replies for text in reply["target_texts"]]
        at = table.column_names.index("target")
        table = table.set_column(at, "target", pa.array(texts, pa.string()))
    samples = [json.dumps(s, ensure_ascii=False) for reply in replies for s in reply["samples"]]
    columns = {"sample": pa.array(arrays["rows"], pa.int64()), "facts": pa.array(samples)}
    return {"predictions.parquet": table, "samples.parquet": pa.table(columns)}


def per_sample(replies: Sequence[Json]) -> dict[str, list[Json]]:
    """Return the facts that a method gave of single samples, in the order of the samples."""
    found: dict[str, list[Json]] = defaultdict(list)
    for reply in replies:
        for name, facts in reply["per_sample"].items():
            found[name] += facts
    return dict(found)


def _samples(replies: Sequence[Json], arrays: Arrays) -> Integers:
    """Return which sample each explanation is of, counted over all parts."""
    ends = np.cumsum([len(reply["targets"]) for reply in replies])
    firsts = np.cumsum([0, *(len(reply["texts"]) for reply in replies)])
    part = np.searchsorted(ends, np.arange(len(arrays["of"])), side="right")
    return np.asarray(arrays["of"] + firsts[part], dtype=np.int64)


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _lists(flat: np.ndarray, offsets: np.ndarray) -> pa.ListArray:
    values = pa.array(flat.astype(np.float32), pa.float32(), from_pandas=False)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _shapes(shapes: np.ndarray, texts: Sequence[Sequence[str]], of: Integers) -> list[list[int]]:
    """Return [units] where units have names, [height, width] of a picture."""
    return [
        shape[:1].tolist() if texts[i] else shape.tolist()
        for shape, i in zip(shapes, of, strict=True)
    ]


def _one_error(arrays: Arrays, offsets: np.ndarray) -> Floats | None:
    """Return the largest standard error of each explanation, or its completeness gap."""
    if "error" in arrays:
        pairs = itertools.pairwise(offsets)
        largest = [np.max(arrays["error"][a:b], initial=0.0) for a, b in pairs]
        return np.array(largest, dtype=np.float64)
    return np.abs(arrays["residual"]) if "residual" in arrays else None


def _importance(
    label: str, texts: Sequence[Sequence[str]], of: Integers, arrays: Arrays
) -> pa.Table:
    """Return the mean |value| over all places where a name stands, with a normal 95 % interval."""
    names = [name for i in of for name in texts[i]]
    if len(names) != len(arrays["values"]):
        return IMPORTANCE.empty_table()
    words, place = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    sizes = np.abs(arrays["values"])
    counts = np.bincount(place, minlength=len(words))
    mean = np.bincount(place, sizes, len(words)) / np.maximum(counts, 1)
    square = np.bincount(place, (sizes - mean[place]) ** 2, len(words))
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.where(counts > 1, 1.96 * np.sqrt(square / (counts - 1) / counts), np.nan)
    first = np.argsort(-mean, kind="stable")[:NAMES_MOST]
    low, high = np.maximum(mean - half, 0.0)[first], (mean + half)[first]
    columns = {
        "method": [label] * len(first),
        "name": words[first].tolist(),
        "value": mean[first],
        "low": pa.array(low, pa.float64(), from_pandas=True),
        "high": pa.array(high, pa.float64(), from_pandas=True),
    }
    return pa.table(columns, schema=IMPORTANCE)


def _floats(array: np.ndarray | None, count: int) -> pa.Array:
    return pa.nulls(count, pa.float64()) if array is None else pa.array(array, pa.float64())
