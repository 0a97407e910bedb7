"""The parts of a finished job, merged into the files that pages, reports and exports read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from xai.errors import XaiError
from xai.methods import catalogue
from xai.methods.card import Card
from xai.runner import analyses, concept_tables, faithfulness, head_tables, tables, unit_tables
from xai.runner.folders import write_folder
from xai.runner.parts import read_part
from xai.vocabulary import Json

Arrays = dict[str, np.ndarray]


def merge(job: Mapping[str, Json], parts: Sequence[Path], target: Path) -> Json:
    """Write the merged files of a job into the folder `target`, `job.json` last.

    Merging twice is harmless: the same parts give the same files.

    Parameters
    ----------
    job : mapping
        {"role", "method", "params", "seed", "key"}.
    parts : sequence of Path
        In the order of the shards.

    Returns
    -------
    dict
        What `job.json` holds; see `docs/bundle.md`.
    """
    if job["role"] == faithfulness.ROLE:
        return faithfulness.merge(job, parts, target)
    if job["role"] == analyses.ROLE:
        return analyses.merge(job, parts, target)
    replies, arrays = _gather(parts)
    facts = _facts(job, replies)
    if job["role"] == "predictions":
        facts["columns"] = replies[0]["columns"]
        files = _prediction_files(replies, arrays)
    elif facts["scope"] == "global":
        files = {"importance.parquet": _global_importance(job["method"], facts, replies, parts)}
    elif facts["scope"] == "concepts":
        facts["concepts"] = replies[0]["concepts"]
        files = concept_tables.files(job["method"], replies[0], arrays)
    elif facts["scope"] == "heads":
        files = head_tables.files(replies[0], arrays)
    elif replies[0].get("layout") == "ragged":
        facts["is_stochastic"] = _card(job, replies[0]).is_stochastic and "error" in arrays
        facts["layout"], facts["per_sample"] = "ragged", unit_tables.per_sample(replies)
        files = unit_tables.attribution_files(job, replies, arrays)
        files |= unit_tables.walk_files(job, replies, arrays)
    else:
        # A stochastic method that found an exact way has no standard errors, and needs no seed.
        facts["is_stochastic"] = _card(job, replies[0]).is_stochastic and "error" in arrays
        files = tables.attribution_files(job, facts, arrays)
    write_folder(target, files, facts)
    return facts


def _gather(parts: Sequence[Path]) -> tuple[list[Json], Arrays]:
    if not parts:
        raise XaiError("There is nothing to merge: no part of this method was computed.")
    read = [read_part(part) for part in parts]
    replies = [reply for reply, _ in read]
    names = set(replies[0]["arrays"])
    shared = [name for name in names if all(name in reply["arrays"] for reply in replies)]
    arrays = {name: np.concatenate([found[name] for _, found in read]) for name in shared}
    return replies, arrays


def _facts(job: Mapping[str, Json], replies: Sequence[Json]) -> dict[str, Json]:
    first = replies[0]
    facts = {
        **{name: job[name] for name in ("role", "method", "params", "seed", "key")},
        **{name: first[name] for name in ("unit", "problem", "outputs", "libraries", "warnings")},
        "evaluations": sum(int(reply["evaluations"]) for reply in replies),
        "seconds": sum(float(reply["seconds"]) for reply in replies),
        "names": list(first["names"]),
        "members": first.get("members"),
        "notes": first["notes"],
        "scope": "local",
        "kind": first["kind"],
    }
    if job["method"]:
        card = _card(job, first)
        facts |= {
            "title": card.title,
            "family": card.family,
            "scope": card.scope,
            "is_signed": card.is_signed,
            "is_complete": card.is_complete,
        }
    return facts


def _card(job: Mapping[str, Json], reply: Json) -> Card:
    return catalogue.card(job["method"], reply["kind"])


def _prediction_files(replies: Sequence[Json], arrays: Arrays) -> dict[str, pa.Table]:
    if replies[0]["kind"] != catalogue.TABULAR:
        return unit_tables.prediction_files(replies, arrays)
    return {
        "predictions.parquet": tables.predictions(replies[0], arrays),
        "inputs.parquet": tables.inputs(replies[0], arrays),
    }


def _global_importance(
    slug: str, facts: dict[str, Json], replies: Sequence[Json], parts: Sequence[Path]
) -> pa.Table:
    """Shards are slices of the features: put each variant's slices together again."""
    rows: dict[str, list[Json]] = {n: [] for n in ("method", "name", "value", "low", "high")}
    variants = replies[0]["importances"]
    for position, variant in enumerate(variants):
        label = f"{slug}:{variant['variant']}" if variant["variant"] else slug
        for reply, part in zip(replies, parts, strict=True):
            arrays = read_part(part)[1]
            names = reply["importances"][position]["names"]
            rows["method"] += [label] * len(names)
            rows["name"] += names
            for column in ("value", "low", "high"):
                array = arrays.get(f"{'values' if column == 'value' else column}{position}")
                rows[column] += [None] * len(names) if array is None else array.tolist()
    facts["units"] = {
        f"{slug}:{v['variant']}" if v["variant"] else slug: v["unit"] for v in variants
    }
    facts["names"] = [name for reply in replies for name in reply["names"]]
    return pa.table(rows, schema=tables.IMPORTANCE)
