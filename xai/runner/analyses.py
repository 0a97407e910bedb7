"""The parts of an analysis, put together into the files that pages, reports and exports read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from xai.analyses import catalogue
from xai.analyses.plain import plain
from xai.errors import XaiError
from xai.runner.folders import write_folder
from xai.runner.parts import read_part
from xai.runner.version import code_version
from xai.vocabulary import Json

ROLE = "analysis"


def merge(job: Mapping[str, Json], parts: Sequence[Path], target: Path) -> Json:
    """Write `<slug>.json`, and last `job.json`, into the folder `target`.

    Raises
    ------
    XaiError
        If there is no part, or the parts do not fit together.
    """
    read = [read_part(part) for part in parts]
    if not read:
        raise XaiError("There is nothing to merge: no part of the analysis was computed.")
    card, first = catalogue.ANALYSES[job["method"]], read[0][0]
    found = catalogue.ending(card.slug).conclude(read) if card.ending else first["result"]
    facts = {
        **{name: job[name] for name in ("role", "method", "params", "seed", "key")},
        **{name: first[name] for name in ("kind", "unit", "problem", "outputs", "warnings")},
        "title": card.title,
        "scope": ROLE,
        "names": [],
        "notes": first["notes"],
        "evaluations": sum(int(reply["evaluations"]) for reply, _ in read),
        "seconds": sum(float(reply["seconds"]) for reply, _ in read),
        "libraries": first["libraries"],
        "version": code_version(),
    }
    target.mkdir(parents=True, exist_ok=True)
    arrays = read[0][1]
    files = {f"{card.slug}.parquet": _table(arrays)} if "rows" in arrays else {}
    _write(target / f"{card.slug}.json", plain(found))
    write_folder(target, files, facts)
    return facts


def _table(arrays: Mapping[str, np.ndarray]) -> pa.Table:
    """Return the numbers of every row as a table, `sample` first."""
    if any(array.shape != arrays["rows"].shape for array in arrays.values()):
        raise XaiError("The numbers of the rows are not as many as the rows.")
    names = [name for name in arrays if name != "rows"]
    columns = {"sample": pa.array(arrays["rows"], pa.int64())}
    return pa.table(columns | {name: pa.array(arrays[name], pa.float64()) for name in names})


def _write(path: Path, found: Json) -> None:
    text = json.dumps(found, indent=1, allow_nan=False)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(file.name, path)  # noqa: PTH105
