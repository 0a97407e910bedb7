"""The parts of an analysis, put together into the files that pages, reports and exports read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

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
    _write(target / f"{card.slug}.json", plain(found))
    write_folder(target, {}, facts)
    return facts


def _write(path: Path, found: Json) -> None:
    text = json.dumps(found, indent=1, allow_nan=False)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(file.name, path)  # noqa: PTH105
