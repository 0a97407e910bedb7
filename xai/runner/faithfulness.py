"""The faithfulness of a run: what its shards are given, and what becomes of their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from xai.errors import XaiError
from xai.evaluation.agreement import CONTROL
from xai.evaluation.faithfulness.catalogue import CATALOGUE, Baseline
from xai.evaluation.faithfulness.files import write
from xai.evaluation.faithfulness.league import Measured
from xai.evaluation.faithfulness.orders import STEPS
from xai.evaluation.faithfulness.softly import MEASURES, SoftMeasured
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.runner.folders import write_folder
from xai.runner.parts import read_part
from xai.runner.plan import MEASURED_MOST
from xai.runner.version import code_version
from xai.vocabulary import Integers, Json, Recipe

ROLE = "faithfulness"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Given:
    """What a shard gets of results that are there already: facts, and arrays by name."""

    contestants: tuple[Json, ...]
    arrays: Arrays


def narrowed(recipe: Recipe, folders: Mapping[str, Path]) -> Recipe:
    """Return the recipe for the rows that are measured, in the order of the shards."""
    rows = _rows(Results.gather({}, dict(folders)))
    return replace(recipe, rows=",".join(map(str, rows)))


def given(folders: Mapping[str, Path], start: int, stop: int) -> Given:
    """Return the merged attributions of the measured rows `start` to `stop`.

    Parameters
    ----------
    folders : mapping
        Result folders by method slug, "self:<slug>" and "predictions".
    """
    results = Results.gather({}, dict(folders))
    rows = _rows(results)[start:stop]
    methods = [m for m in results.local_methods(with_self=True) if m.family != CONTROL]
    facts: list[Json] = []
    arrays: Arrays = {}
    for at, method in enumerate(methods):
        own = _ragged(method, rows) if method.is_ragged else _table(method, rows)
        facts.append(
            {
                "slug": method.slug,
                "members": method.members,
                "is_complete": method.is_complete and method.is_signed,
                "arrays": sorted(own),
            }
        )
        arrays |= {f"{name}{at}": array for name, array in own.items()}
    return Given(tuple(facts), arrays)


def merge(job: Mapping[str, Json], parts: Sequence[Path], target: Path) -> Json:
    """Put the parts together, decide who is more faithful than whom, and write the folder `target`.

    Raises
    ------
    XaiError
        If the parts do not fit together.
    """
    read = [read_part(part) for part in parts]
    if not read:
        raise XaiError("There is nothing to merge: no part of the measurement was computed.")
    first = read[0][0]
    _check(first, read)
    baselines = [Baseline(**each) for each in first["baselines"]]
    found = Measured(
        samples=np.concatenate([arrays["rows"] for _, arrays in read]),
        contestants=tuple(first["contestants"]),
        baselines=tuple(baseline.slug for baseline in baselines),
        **{
            name: np.concatenate([arrays[name] for _, arrays in read])
            for name in ("scores", "deletion", "insertion")
        },
        seed=int(job["seed"]),
    )
    target.mkdir(parents=True, exist_ok=True)
    notes = {"unmoved": job["params"].get("unmoved", [])}
    write(found, baselines, notes, target, _soft(found, first, read))
    facts = {
        **{name: job[name] for name in ("role", "method", "params", "seed", "key")},
        "scope": ROLE,
        "kind": first["kind"],
        "notes": first["notes"],
        "evaluations": sum(int(reply["evaluations"]) for reply, _ in read),
        "seconds": sum(float(reply["seconds"]) for reply, _ in read),
        "libraries": first["libraries"],
        "version": code_version(),
    }
    write_folder(target, {}, facts)
    return facts


def _soft(found: Measured, first: Json, read: Sequence[tuple[Json, Arrays]]) -> SoftMeasured | None:
    """Return what was measured softly, where it was.

    Raises
    ------
    XaiError
        If the parts do not fit together.
    """
    methods = tuple(first.get("soft", ()))
    if not methods:
        return None
    for reply, arrays in read:
        shape = (len(arrays["rows"]), len(methods) + 1, len(MEASURES))
        fits = all(arrays[name].shape == shape for name in ("soft", "soft_failed"))
        if tuple(reply["soft"]) != methods or not fits or len(arrays["soft_places"]) != shape[0]:
            raise XaiError("The parts of the soft measurement do not fit together.")
    scores, failed, places = (
        np.concatenate([arrays[name] for _, arrays in read])
        for name in ("soft", "soft_failed", "soft_places")
    )
    return SoftMeasured(methods, found.samples, scores, failed, places, found.seed)


def _rows(results: Results) -> Integers:
    """Return the rows that are measured: all explained ones, or an even spread of them."""
    samples = results.predictions.samples
    count = min(len(samples), MEASURED_MOST[results.kind])
    return np.asarray(samples[np.arange(count) * len(samples) // max(count, 1)])


def _table(method: MethodResult, rows: Integers) -> Arrays:
    """Return the explanations of these rows, in the layout of differing lengths."""
    where = {int(sample): at for at, sample in enumerate(method.samples)}
    pairs = [(i, where[int(row)]) for i, row in enumerate(rows) if int(row) in where]
    of, at = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    values = method.values[at].astype(np.float64)
    found = {
        "of": of,
        "outputs": np.zeros(len(at), dtype=np.int64),
        "lengths": np.full(len(at), values.shape[1], dtype=np.int64),
        "shapes": np.tile([values.shape[1], 1], (len(at), 1)),
        "values": values.ravel(),
    }
    return found if method.base is None else found | {"base": method.base[at]}


def _ragged(method: MethodResult, rows: Integers) -> Arrays:
    ragged = method.ragged
    pairs = [(i, at) for i, row in enumerate(rows) for at in ragged.of(int(row))]
    of, at = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    values = [ragged.values(int(place)).astype(np.float64) for place in at]
    found = {
        "of": of,
        "outputs": ragged.outputs[at].astype(np.int64),
        "lengths": np.array([len(each) for each in values], dtype=np.int64),
        "shapes": np.array(
            [(*ragged.shape(int(place)), 1)[:2] for place in at], dtype=np.int64
        ).reshape(-1, 2),
        "values": np.concatenate([[], *values]),
    }
    return found if ragged.base is None else found | {"base": ragged.base[at]}


def _check(first: Json, read: Sequence[tuple[Json, Arrays]]) -> None:
    """Refuse parts of another form than the first, or of other axes than they name."""
    names, baselines = first["contestants"], first["baselines"]
    known = {"scores": len(CATALOGUE), "deletion": len(STEPS), "insertion": len(STEPS)}
    if any((r["contestants"], r["baselines"]) != (names, baselines) for r, _ in read):
        raise XaiError("The parts of the measurement are not of the same methods.")
    for _, arrays in read:
        for name, last in known.items():
            shape = (len(arrays["rows"]), len(baselines), len(names), last)
            if arrays[name].shape != shape:
                raise XaiError(f"The result {name!r} has shape {arrays[name].shape}, not {shape}.")
