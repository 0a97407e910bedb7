"""A shard of the faithfulness of a run: its merged attributions, measured on the model again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from xai.evaluation.agreement import SELF
from xai.evaluation.faithfulness import softly
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.vocabulary import Floats, Json, Recipe
from xai.workbench.arena import Arena, at_players
from xai.workbench.faithful_further import Measuring, look_further

Arrays = dict[str, np.ndarray]


def measure(arena: Arena, payload: Json, recipe: Recipe) -> tuple[Arrays, Json]:
    """Measure the given attributions under every baseline of an arena.

    Returns
    -------
    arrays
        `rows` (n,); `scores` (n, baselines, contestants, measures), `deletion` and `insertion`
        (n, baselines, contestants, steps), NaN where undefined.
    facts
        The contestants and the baselines, in the order of the axes.
    """
    given = payload["given"]
    arrays = _read(Path(given["folder"]), given["arrays"])
    n = len(arena.rows)
    contestants = [
        _contestant(arena, facts, {name: arrays[f"{name}{at}"] for name in facts["arrays"]})
        for at, facts in enumerate(given["contestants"])
    ]
    players = np.array([int(p.max(initial=-1)) + 1 for p in arena.players], dtype=np.int64)
    fields = [
        Field(score, players, arena.rows, payload["job"]["seed"], arena.is_probability)
        for _, score in arena.scores
    ]
    contests = [contest(field, contestants) for field in fields]
    look_further(arena, payload, recipe, Measuring(fields[0], contestants, contests[0]))
    found = {
        name: np.stack([getattr(each, name) for each in contests], axis=1)
        for name in ("scores", "deletion", "insertion")
    } if n else {}  # fmt: skip
    soft = [facts["slug"] for facts in given["contestants"] if _is_soft(facts)]
    if n and arena.soft is not None:
        found |= _soft(arena, given["contestants"], arrays, payload["job"]["seed"])
    return {"rows": arena.rows, **found}, {
        "names": [],
        "soft": soft if arena.soft is not None else [],
        "contestants": list(contests[0].slugs),
        "baselines": [baseline.as_json() for baseline, _ in arena.scores],
        "evaluations": int(arena.spent()),
        "notes": dict(arena.notes),
    }


def _read(folder: Path, names: Sequence[str]) -> Arrays:
    return {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in names}


def _contestant(arena: Arena, facts: Json, arrays: Mapping[str, np.ndarray]) -> Contestant:
    """Return one method's values over the players of each sample."""
    n = len(arena.rows)
    flat, edges = arrays["values"], np.concatenate([[0], np.cumsum(arrays["lengths"])])
    per_sample: list[list[Floats]] = [[] for _ in range(n)]
    for at, i in enumerate(arrays["of"]):
        values = flat[edges[at] : edges[at + 1]]
        per_sample[i].append(at_players(arena, int(i), facts, values, arrays["shapes"][at]))
    base = None
    if "base" in arrays:
        counts = np.bincount(arrays["of"], minlength=n)
        total = np.bincount(arrays["of"], arrays["base"], minlength=n)
        base = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    return Contestant(
        slug=facts["slug"],
        values=[np.mean(outputs, axis=0) if outputs else None for outputs in per_sample],
        base=base,
        is_complete=bool(facts["is_complete"]),
    )


def _is_soft(facts: Json) -> bool:
    """Return whether a contestant is measured softly: methods, without their other seeds."""
    return not facts["slug"].startswith(SELF)


def _soft(arena: Arena, contestants: Sequence[Json], arrays: Arrays, seed: int) -> Arrays:
    """Return `soft` and `soft_failed` (n, methods + 1, measures), and `soft_places` (n,)."""
    if arena.soft is None:
        return {}
    field = softly.SoftField(
        access=arena.soft.access,
        rows=arena.rows,
        free=[players >= 0 for players in arena.players],
        causes=arena.soft.causes,
        seed=seed,
    )
    methods = [
        _by_output({name: arrays[f"{name}{at}"] for name in facts["arrays"]})
        for at, facts in enumerate(contestants)
        if _is_soft(facts)
    ]
    scores, failed, places = softly.measure(field, methods)
    return {"soft": scores, "soft_failed": failed, "soft_places": places}


def _by_output(arrays: Mapping[str, np.ndarray]) -> dict[tuple[int, int], Floats]:
    """Return the values of one method by (sample, output)."""
    edges = np.concatenate([[0], np.cumsum(arrays["lengths"])])
    return {
        (int(i), int(output)): arrays["values"][edges[at] : edges[at + 1]]
        for at, (i, output) in enumerate(zip(arrays["of"], arrays["outputs"], strict=True))
    }
