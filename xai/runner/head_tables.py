"""The Parquet tables of attention heads: one row per sample and layer; labels beside words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from xai.errors import XaiError
from xai.vocabulary import Json

HEADS = pa.schema(
    [
        ("sample", pa.int64()),
        ("layer", pa.int32()),
        ("tokens", pa.int32()),
        ("maps", pa.list_(pa.float32())),
        ("entropy", pa.list_(pa.float64())),
        ("effect", pa.list_(pa.float64())),
    ]
)
LABELS = pa.schema(
    [("sample", pa.int64()), ("label", pa.string()), ("values", pa.list_(pa.float64()))]
)


def check(arrays: Mapping[str, np.ndarray], reply: Json) -> None:
    """Refuse arrays that do not fit each other.

    Raises
    ------
    XaiError
        Naming the array that does not fit.
    """
    n, lengths = len(arrays["rows"]), arrays["lengths"]
    layers, heads = int(reply["notes"]["layers"]), int(reply["notes"]["heads"])
    each = n * layers * heads
    sizes = {
        "rows": n,
        "lengths": n,
        "maps": layers * heads * int((lengths**2).sum()),
        "entropy": each,
        "effect": each,
        "alike": len(reply["labels"]) * int(lengths.sum()),
        "attended": len(reply.get("attending", ())) * int(lengths.sum()),
    }
    for name, array in arrays.items():
        if name not in sizes or array.shape != (sizes[name],):
            raise XaiError(f"The result {name!r} of the heads has shape {array.shape}.")


def files(reply: Json, arrays: Mapping[str, np.ndarray]) -> dict[str, pa.Table]:
    """Return maps, entropy and effect of each layer's heads, and labels beside words."""
    rows, lengths = arrays["rows"], arrays["lengths"]
    layers, heads = int(reply["notes"]["layers"]), int(reply["notes"]["heads"])
    cells = np.repeat(heads * lengths**2, layers)
    columns = {
        "sample": pa.array(np.repeat(rows, layers), pa.int64()),
        "layer": pa.array(np.tile(np.arange(layers), len(rows)), pa.int32()),
        "tokens": pa.array(np.repeat(lengths, layers), pa.int32()),
        "maps": _lists(arrays["maps"], cells, pa.float32()),
        "entropy": _lists(arrays["entropy"], np.full(len(cells), heads), pa.float64()),
        "effect": _lists(arrays["effect"], np.full(len(cells), heads), pa.float64())
        if "effect" in arrays
        else pa.nulls(len(cells), pa.list_(pa.float64())),
    }
    found = {
        "heads.parquet": pa.table(columns, schema=HEADS),
        "label_words.parquet": _labels(list(reply["labels"]), arrays, "alike"),
    }
    if "attended" in arrays:
        found["label_attention.parquet"] = _labels(list(reply["attending"]), arrays, "attended")
    return found


def _labels(labels: list[str], arrays: Mapping[str, np.ndarray], name: str) -> pa.Table:
    rows, sizes = arrays["rows"], np.repeat(arrays["lengths"], len(labels))
    columns = {
        "sample": pa.array(np.repeat(rows, len(labels)), pa.int64()),
        "label": pa.array(labels * len(rows), pa.string()),
        "values": _lists(arrays[name], sizes, pa.float64()),
    }
    return pa.table(columns, schema=LABELS)


def _lists(values: np.ndarray, sizes: np.ndarray, kind: pa.DataType) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(values, kind, from_pandas=True))
