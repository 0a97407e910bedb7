"""The whole manifest of a bundle: what was asked, what each method did, what computed it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

from xai.evaluation.agreement import SELF
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Json

SCHEMA = 1
"""Version of the bundle's public schema; a change of the schema changes it."""
_LATER = ("errors", "recipe", "command")


def complete(results: Results, files: Mapping[str, Path] | None = None) -> dict[str, Json]:
    """Return what `manifest.json` holds.

    Parameters
    ----------
    files : mapping
        The other files of the bundle by name; their size and SHA-256 are written down.

    Returns
    -------
    dict
        The run's own facts, then `methods` (finished and failed, in the order of the recipe),
        `libraries`, `warnings`, `recipe`, `command` and `files`. Numbers that are not finite
        become null, because JSON has none.
    """
    known = dict(results.manifest)
    found = {
        "schema": SCHEMA,
        **{name: value for name, value in known.items() if name not in _LATER},
        "output": results.unit,
        "samples": len(results.predictions.samples) if "predictions" in results.folders else 0,
        "methods": methods(results),
        "warnings": results.warnings,
        "libraries": results.libraries,
        "recipe": known.get("recipe"),
        "command": known.get("command", ""),
    }
    if files is not None:
        found["files"] = {name: _fingerprint(path) for name, path in sorted(files.items())}
    cleaned: dict[str, Json] = _finite(found)
    return cleaned


def methods(results: Results) -> list[dict[str, Json]]:
    """Return one entry per method that was asked for: done, or failed with its sentence."""
    done = {method.slug: _done(method, results) for method in results.methods}
    failed = {slug: _failed(slug, why, results) for slug, why in results.failed.items()}
    asked = [c["slug"] for c in (results.manifest.get("recipe") or {}).get("methods", [])]
    order = dict.fromkeys([*asked, *done, *failed])
    entries = failed | done
    return [entries[slug] for slug in order if slug in entries]


def _done(method: MethodResult, results: Results) -> dict[str, Json]:
    again = SELF + method.slug
    return {
        "name": method.slug,
        "title": method.title,
        "family": method.family,
        "scope": method.scope,
        "status": "done",
        "error": None,
        "parameters": method.params,
        "seed": method.seed,
        "evaluations": method.evaluations,
        "seconds": round(method.seconds, 3),
        "unit": method.unit,
        "is_signed": method.is_signed,
        "groups": _groups(method, results),
        "another_seed": results.method(again).seed if again in results.folders else None,
        "notes": method.notes,
        "libraries": dict(method.job.get("libraries", {})),
    }


def _groups(method: MethodResult, results: Results) -> Json:
    """Return the names of the features behind each unit, where units are groups."""
    if method.members is None or "predictions" not in results.folders:
        return None
    names = results.inputs.names
    return [[names[feature] for feature in group] for group in method.members]


def _failed(slug: str, why: str, results: Results) -> dict[str, Json]:
    asked = (results.manifest.get("recipe") or {}).get("methods", [])
    params: dict[str, Json] = {}
    for choice in asked:
        if choice["slug"] == slug:
            params = dict(choice["params"])
    return {
        "name": slug,
        "title": results.title(slug),
        "status": "failed",
        "error": why,
        "parameters": params,
    }


def _fingerprint(path: Path) -> dict[str, Json]:
    with path.open("rb") as file:
        return {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": path.stat().st_size,
        }


def _finite(value: Json) -> Json:
    """Return plain data with null for every number that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
