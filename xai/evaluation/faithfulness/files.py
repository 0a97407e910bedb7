"""Write what was measured as the two files of a bundle: every value, and what pages read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from xai.evaluation.faithfulness.catalogue import (
    CATALOGUE,
    DEFAULT,
    LEAVE_ONE_OUT,
    RANDOM,
    Baseline,
)
from xai.evaluation.faithfulness.league import (
    LEVEL,
    SAMPLES_LEAST,
    Decision,
    Measured,
    Robust,
    agree_on,
    decide,
)
from xai.evaluation.faithfulness.orders import STEPS
from xai.evaluation.faithfulness.softly import BASELINE, SoftMeasured, columns, summary
from xai.evaluation.faithfulness.variants import compare
from xai.evaluation.intervals import mean_interval
from xai.vocabulary import Floats, Json

DIGITS, NOTHING = 7, 1e-13


def write(
    found: Measured,
    baselines: Sequence[Baseline],
    notes: Mapping[str, Json],
    folder: Path,
    soft: SoftMeasured | None = None,
) -> None:
    """Write `faithfulness.parquet` and `faithfulness.json`.

    Parameters
    ----------
    notes : mapping
        Further facts for the summary, for example which methods were too dear to be moved.
    """
    import pyarrow as pa  # noqa: PLC0415 - the measures need no file format
    import pyarrow.parquet as pq  # noqa: PLC0415

    given = table(found)
    arrays = {
        name: pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), words).cast(pa.string())
        for name, (codes, words) in given["words"].items()
    }
    arrays["sample"] = pa.array(given["sample"], pa.int64())
    arrays["value"] = pa.array(given["value"], pa.float64(), from_pandas=True)
    whole, facts = pa.table(arrays), as_json(found, baselines) | dict(notes)
    if soft is not None:
        more = columns(soft)
        more["baseline"] = [BASELINE] * len(more["value"])
        fields = [pa.array(more[f.name], f.type, from_pandas=True) for f in whole.schema]
        whole = pa.concat_tables([whole, pa.table(fields, schema=whole.schema)])
        facts["soft"] = summary(soft)
    pq.write_table(whole, folder / "faithfulness.parquet", compression="zstd")
    text = json.dumps(facts, allow_nan=False, ensure_ascii=False)
    (folder / "faithfulness.json").write_text(text, encoding="utf-8")


def table(found: Measured) -> dict[str, Json]:
    """Return the columns of `faithfulness.parquet`; those of words as codes into their words.

    A contestant that a measure is nowhere defined for has no rows of it.
    """
    measures = list(CATALOGUE)
    known = np.isfinite(found.scores).any(axis=0)
    baseline, method, measure = np.nonzero(known)
    n = len(found.samples)
    return {
        "words": {
            "method": (np.repeat(method, n), list(found.contestants)),
            "baseline": (np.repeat(baseline, n), list(found.baselines)),
            "measure": (np.repeat(measure, n), measures),
        },
        "sample": np.tile(found.samples, len(method)),
        "value": found.scores[:, baseline, method, measure].T.ravel(),
    }


def as_json(found: Measured, baselines: Sequence[Baseline]) -> dict[str, Json]:
    """Return the summary: league, pairs, what is robust, curves.

    Returns
    -------
    dict
        `league`: mean, low and high per method, measure and baseline. `pairs`: the differences are
        turned so that more is better for a; p is None with too few samples. `robust`: the verdict
        over all baselines. `curves`: mean with interval at the shares `steps`.
    """
    decided = {
        (measure, baseline): decide(found, measure, baseline)
        for measure, card in CATALOGUE.items()
        if card.is_tested
        for baseline in found.baselines
    }
    robust = [
        _robust(each)
        for measure, card in CATALOGUE.items()
        if card.is_tested
        for each in agree_on([d for b in found.baselines for d in decided[measure, b]])
    ]
    return {
        "measures": [card.as_json() for card in CATALOGUE.values()],
        "default": DEFAULT,
        "baselines": [baseline.as_json() for baseline in baselines],
        "baseline": found.baselines[0],
        "methods": list(found.methods),
        "references": [s for s in found.contestants if s not in found.methods],
        "samples": len(found.samples),
        "samples_least": SAMPLES_LEAST,
        "level": LEVEL,
        "league": _league(found),
        "pairs": [_pair(d) for each in decided.values() for d in each],
        "robust": robust,
        "variants": [
            {"measure": measure, "baseline": other, "with": found.baselines[0]}
            | asdict(compare(decided[measure, found.baselines[0]], decided[measure, other]))
            for measure, card in CATALOGUE.items()
            if card.is_tested
            for other in found.baselines[1:]
        ],
        "steps": list(STEPS),
        "curves": _curves(found),
        "seed": found.seed,
    }


def _league(found: Measured) -> list[dict[str, Json]]:
    n, b, c, m = found.scores.shape
    flat = found.scores.reshape(n, b * c * m).T
    mean, low, high = (part.reshape(b, c, m) for part in mean_interval(flat, found.seed))
    counts = np.isfinite(found.scores).sum(axis=0)
    return [
        {
            "method": slug,
            "measure": measure,
            "baseline": baseline,
            "mean": _number(mean[i, j, k]),
            "low": _number(low[i, j, k]),
            "high": _number(high[i, j, k]),
            "samples": int(counts[i, j, k]),
            "undefined": int(n - counts[i, j, k]),
        }
        for i, baseline in enumerate(found.baselines)
        for j, slug in enumerate(found.contestants)
        for k, measure in enumerate(CATALOGUE)
        if counts[i, j, k]
    ]


def _pair(decision: Decision) -> dict[str, Json]:
    return {
        "a": decision.a,
        "b": decision.b,
        "measure": decision.measure,
        "baseline": decision.baseline,
        "difference": _number(decision.difference),
        "low": _number(decision.low),
        "high": _number(decision.high),
        "p": _rounded(decision.p),
        "p_adjusted": _rounded(decision.adjusted),
        "p_strict": _rounded(decision.strict),
        "effect": _number(decision.effect),
        "noise": _number(decision.noise),
        "samples": decision.samples,
        "winner": decision.winner,
        "verdict": "few" if decision.p is None else "better" if decision.winner else "none",
    }


def _robust(found: Robust) -> dict[str, Json]:
    return {
        "a": found.a,
        "b": found.b,
        "measure": found.measure,
        "winner": found.winner,
        "verdict": found.verdict,
        "better_under": {slug: list(under) for slug, under in found.better_under.items()},
    }


def _curves(found: Measured) -> list[dict[str, Json]]:
    n, b, c, s = found.deletion.shape
    parts = {
        name: [
            part.reshape(b, c, s)
            for part in mean_interval(curve.reshape(n, b * c * s).T, found.seed)
        ]
        for name, curve in (("deletion", found.deletion), ("insertion", found.insertion))
    }
    return [
        {
            "method": slug,
            "baseline": baseline,
            **{
                f"{name}{ending}": _numbers(part[i, j])
                for name, three in parts.items()
                for ending, part in zip(("", "_low", "_high"), three, strict=True)
            },
        }
        for i, baseline in enumerate(found.baselines)
        for j, slug in enumerate(found.contestants)
        if slug in {*found.methods, RANDOM, LEAVE_ONE_OUT}
    ]


def _numbers(values: Floats) -> list[float | None]:
    return [_number(value) for value in values]


def _number(value: float | None) -> float | None:
    """Return a score for JSON, which has no NaN; what is left of a sum of zeros is 0."""
    rounded = _rounded(value)
    return 0.0 if rounded is not None and abs(rounded) < NOTHING else rounded


def _rounded(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.{DIGITS}g}")
