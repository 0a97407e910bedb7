"""The Parquet tables of a concept method: each concept's share in each sample, where it lies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from xai.runner.tables import IMPORTANCE
from xai.vocabulary import Json

CONCEPTS = pa.schema(
    [
        ("sample", pa.int64()),
        ("concept", pa.int32()),
        ("coefficient", pa.float64()),
        ("importance", pa.float64()),
        ("sobol", pa.float64()),
    ]
)
MAPS = pa.schema(
    [
        ("sample", pa.int64()),
        ("concept", pa.int32()),
        ("values", pa.list_(pa.float32())),
        ("shape", pa.list_(pa.int32())),
    ]
)


def files(slug: str, reply: Json, arrays: Mapping[str, np.ndarray]) -> dict[str, pa.Table]:
    """Return shares, maps, and the importance of every concept beside the other methods'."""
    # A page asks for all concepts of one picture: they lie together, in one group of rows.
    order = np.lexsort((arrays["concepts"], arrays["samples"]))
    arrays = {name: array[order] for name, array in arrays.items()}
    count = len(order)
    shared = {
        "sample": pa.array(arrays["samples"], pa.int64()),
        "concept": pa.array(arrays["concepts"], pa.int32()),
    }
    shares = shared | {
        "coefficient": pa.array(arrays["coefficients"], pa.float64()),
        "importance": pa.array(arrays["importances"], pa.float64()),
        "sobol": pa.array(arrays["sobols"], pa.float64(), from_pandas=True),
    }
    maps = arrays["maps"]
    cells = int(np.prod(maps.shape[1:]))
    offsets = np.arange(count + 1, dtype=np.int32) * cells
    drawn = shared | {
        "values": pa.ListArray.from_arrays(offsets, pa.array(maps.ravel(), pa.float32())),
        "shape": pa.array([list(maps.shape[1:])] * count, pa.list_(pa.int32())),
    }
    return {
        "concepts.parquet": pa.table(shares, schema=CONCEPTS),
        "concept_maps.parquet": pa.table(drawn, schema=MAPS),
        "importance.parquet": _importance(slug, reply["concepts"]),
    }


def _importance(slug: str, concepts: list[Json]) -> pa.Table:
    columns = {
        "method": [slug] * len(concepts),
        "name": [f"{concept['class']}: {concept['name']}" for concept in concepts],
        "value": [concept["importance"] for concept in concepts],
        "low": [concept["low"] for concept in concepts],
        "high": [concept["high"] for concept in concepts],
    }
    return pa.table(columns, schema=IMPORTANCE)
