"""The folder of a finished job: there whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xai.vocabulary import Json

ROWS_TOGETHER = {"concept_maps.parquet": 64}
"""Rows of a group, in tables of which a page reads a few rows: it unpacks whole groups."""


def write_folder(target: Path, files: Mapping[str, pa.Table], facts: Mapping[str, Json]) -> None:
    """Write tables and `job.json` under temporary names, then rename each; `job.json` last."""
    target.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".merge-", dir=target))
    try:
        for name, table in files.items():
            rows = ROWS_TOGETHER.get(name)
            pq.write_table(table, fresh / name, compression="zstd", row_group_size=rows)
            os.replace(fresh / name, target / name)  # noqa: PTH105
        (fresh / "job.json").write_text(json.dumps(facts))
        os.replace(fresh / "job.json", target / "job.json")  # noqa: PTH105
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
