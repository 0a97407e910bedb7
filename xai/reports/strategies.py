"""The strategic cluster graph of a run: computed once when the methods have finished, then read.

A graph of a thousand samples costs the better part of a second, so no page computes one: the step
"strategies" of a run writes them, the graph and the explanations that it is made of.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xai.evaluation.strategies import Cluster, Strategies, Strategy, strategies
from xai.reports.explained import Vectors, lay_out, methods_of
from xai.reports.method import MethodResult
from xai.reports.reading import read_json, stamp
from xai.reports.results import Results
from xai.vocabulary import Json

STEP = "strategies"
SAMPLES_LEAST = 4
POINTS = pa.schema(
    [
        ("sample", pa.int64()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("cluster", pa.int32()),
        ("dominant", pa.int32()),
        ("purity", pa.float64()),
        ("correct", pa.float64()),
        ("values", pa.list_(pa.float32())),
    ]
)


def of(results: Results, method: MethodResult) -> Strategies | None:
    """Return the graph of a method; None where there is none: not yet, or too few samples."""
    found = _kept(results, method)
    return None if found is None else found[0]


def vectors(results: Results, method: MethodResult) -> Vectors:
    """Return the explanations that a graph is made of, in its order of samples.

    Raises
    ------
    KeyError
        If the method has no graph.
    """
    found = _kept(results, method)
    if found is None:
        raise KeyError(method.slug)
    return found[1]


def is_computed(results: Results) -> bool:
    """Whether the graphs of a run have been computed."""
    return STEP in results.folders


def compute(results: Results, method: MethodResult, seed: int = 0) -> Strategies | None:
    """Make the graph of a method; None where it explains too few samples."""
    return _made(results, lay_out(results, method), seed)


def files(results: Results, seed: int = 0) -> tuple[dict[str, pa.Table], dict[str, Json]]:
    """Make the graphs of all methods: a table of points each, and what belongs to `job.json`."""
    tables: dict[str, pa.Table] = {}
    graphs: dict[str, Json] = {}
    for method in methods_of(results):
        laid = lay_out(results, method)
        graph = _made(results, laid, seed)
        if graph is not None:
            tables[f"{method.slug}.parquet"] = _points(graph, laid)
            whole = as_json(graph, method)
            graphs[method.slug] = {name: whole[name] for name in _WHOLE}
    return tables, {"graphs": graphs}


_WHOLE = ("clusters", "edges", "strategies", "units", "notes")


def as_json(graph: Strategies, method: MethodResult) -> dict[str, Json]:
    """Return the content of `strategies.json`."""
    return {
        "method": method.slug,
        "points": [
            {
                "sample": int(sample),
                "x": float(graph.places[i, 0]),
                "y": float(graph.places[i, 1]),
                "cluster": int(graph.cluster[i]),
                "dominant": graph.names[graph.dominant[i]] if graph.dominant[i] >= 0 else None,
                "purity": float(graph.purity[i]),
                "correct": None if np.isnan(graph.correct[i]) else bool(graph.correct[i]),
            }
            for i, sample in enumerate(graph.samples)
        ],
        "clusters": [
            {
                "id": one.id,
                "name": one.name,
                "size": one.size,
                "accuracy": one.accuracy,
                "units": [
                    {"name": name, "mean": own, "rest": rest} for name, own, rest in one.units
                ],
                "flagged": one.is_flagged,
                "outline": one.outline.tolist(),
            }
            for one in graph.clusters
        ],
        "edges": [{"a": a, "b": b, "weight": weight} for a, b, weight in graph.edges],
        "strategies": [
            {
                "unit": one.unit,
                "samples": one.samples,
                "prevalence": one.prevalence,
                "reliability": one.reliability,
            }
            for one in graph.strategies
        ],
        "units": [
            {"name": name, "x": float(x), "y": float(y)}
            for name, (x, y) in zip(graph.names, graph.units, strict=True)
        ],
        "notes": graph.notes,
    }


def _made(results: Results, found: Vectors, seed: int) -> Strategies | None:
    if len(found.samples) < SAMPLES_LEAST:
        return None
    known = {}
    if "predictions" in results.folders:
        pairs = zip(results.predictions.samples, results.predictions.correct, strict=True)
        known = {int(sample): right for sample, right in pairs if right is not None}
    right = [float(known.get(int(sample), np.nan)) for sample in found.samples]
    return strategies(found.values, found.names, found.samples, np.array(right), seed)


def _points(graph: Strategies, laid: Vectors) -> pa.Table:
    columns = {
        "sample": graph.samples,
        "x": graph.places[:, 0],
        "y": graph.places[:, 1],
        "cluster": graph.cluster,
        "dominant": graph.dominant,
        "purity": graph.purity,
        "correct": pa.array(graph.correct, from_pandas=True),
        "values": pa.array(list(laid.values.astype(np.float32)), pa.list_(pa.float32())),
    }
    return pa.table(columns).cast(POINTS)


def _kept(results: Results, method: MethodResult) -> tuple[Strategies, Vectors] | None:
    folder = results.folders.get(STEP)
    if folder is None or not (folder / f"{method.slug}.parquet").exists():
        return None
    return _read(folder, method.slug, stamp(folder / "job.json"))


@lru_cache(maxsize=8)
def _read(folder: Path, slug: str, _stamp: int) -> tuple[Strategies, Vectors]:
    whole = read_json(folder / "job.json")["graphs"][slug]
    table = pq.read_table(folder / f"{slug}.parquet")
    column = {name: table.column(name).to_numpy() for name in POINTS.names if name != "values"}
    names = tuple(unit["name"] for unit in whole["units"])
    lists = table.column("values").combine_chunks()
    values = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(table), len(names))
    graph = Strategies(
        samples=column["sample"],
        places=np.stack([column["x"], column["y"]], axis=1),
        cluster=column["cluster"].astype(np.int64),
        dominant=column["dominant"].astype(np.int64),
        purity=column["purity"],
        correct=column["correct"],
        names=names,
        clusters=tuple(_cluster(one) for one in whole["clusters"]),
        edges=tuple((edge["a"], edge["b"], edge["weight"]) for edge in whole["edges"]),
        strategies=tuple(Strategy(**one) for one in whole["strategies"]),
        units=np.array([[unit["x"], unit["y"]] for unit in whole["units"]]).reshape(-1, 2),
        notes=whole["notes"],
    )
    return graph, Vectors(graph.samples, names, values.astype(np.float64))


def _cluster(one: Json) -> Cluster:
    return Cluster(
        id=one["id"],
        name=one["name"],
        size=one["size"],
        accuracy=one["accuracy"],
        units=tuple((unit["name"], unit["mean"], unit["rest"]) for unit in one["units"]),
        is_flagged=one["flagged"],
        outline=np.array(one["outline"]).reshape(-1, 2),
    )
