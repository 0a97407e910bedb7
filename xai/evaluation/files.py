"""Write an agreement as the two files of a bundle: every value, and the summary that pages read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from xai.evaluation.agreement import RANDOM, Agreement, Pair
from xai.evaluation.catalogue import CATALOGUE, DEFAULT
from xai.evaluation.chance import LEVEL, concordance_p
from xai.evaluation.intervals import mean_interval
from xai.evaluation.ranks import top
from xai.vocabulary import Floats, Json

DIGITS = 6


def write_agreement(agreement: Agreement, folder: Path) -> None:
    """Write `agreement.parquet` (measure, a, b, sample, value) and `agreement.json`."""
    import pyarrow as pa  # noqa: PLC0415 - the laboratory's measures need no file format
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = table(agreement)
    arrays = {
        name: pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), words).cast(pa.string())
        for name, (codes, words) in columns["words"].items()
    }
    arrays["sample"] = pa.array(columns["sample"], pa.int64())
    arrays["value"] = pa.array(columns["value"], pa.float64(), from_pandas=True)
    pq.write_table(
        pa.table(arrays),
        folder / "agreement.parquet",
        compression="zstd",
        use_dictionary=["measure", "a", "b"],
    )
    text = json.dumps(as_json(agreement), allow_nan=False, ensure_ascii=False)
    (folder / "agreement.json").write_text(text, encoding="utf-8")


def table(agreement: Agreement) -> dict[str, Json]:
    """Return the columns of `agreement.parquet`; the three of words as codes into their words.

    Pairs that are equal by construction have no rows: nothing was measured.
    """
    pairs = [pair for pair in agreement.pairs if not pair.is_deterministic]
    measures = list(CATALOGUE)
    names = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    sizes = [len(pair.samples) for pair in pairs for _measure in measures]
    rows = [(m, pair) for pair in pairs for m in range(len(measures))]
    return {
        "words": {
            "measure": (np.repeat([m for m, _pair in rows], sizes), measures),
            "a": (np.repeat([names.index(pair.a) for _m, pair in rows], sizes), names),
            "b": (np.repeat([names.index(pair.b) for _m, pair in rows], sizes), names),
        },
        "sample": np.concatenate([[], *(pair.samples for _m, pair in rows)]).astype(np.int64),
        "value": np.concatenate([[], *(pair.values[measures[m]] for m, pair in rows)]),
    }


def as_json(agreement: Agreement) -> dict[str, Json]:
    """Return the summary: measures, pairs with intervals, Kendall's W, samples by dispute.

    Returns
    -------
    dict
        `tau`: of the default measure, the mean over all pairs of methods on each sample.
        `pairs`: mean, low, high are None where undefined; `deterministic` marks a method that has
        no other seed. `samples`: from the most to the least disputed. `disputed_units`: mean
        spread of places over samples, largest first.
    """
    disputes, units = agreement.disputes, agreement.units
    tau = _mean_tau(agreement)
    overall = np.stack([tau, disputes.concordance])
    mean, low, high = mean_interval(overall, agreement.seed)
    return {
        "measures": [card.as_json() for card in CATALOGUE.values()],
        "default": DEFAULT,
        "methods": list(agreement.methods),
        "pairs": [row for pair in agreement.pairs for row in _summaries(agreement, pair)],
        "tau": {
            "mean": _number(mean[0]),
            "low": _number(low[0]),
            "high": _number(high[0]),
            "samples": int(np.isfinite(tau).sum()),
        },
        "w": {
            "mean": _number(mean[1]),
            "low": _number(low[1]),
            "high": _number(high[1]),
            "chance": _number(1 / len(agreement.voters)) if agreement.voters else None,
            "methods": list(agreement.voters),
            **_beyond_chance(agreement),
        },
        "samples": _samples(agreement, tau),
        "units": list(units),
        "width": agreement.width,
        "consensus": [
            {"name": name, "points": _number(mean)} for name, mean in disputes.points.items()
        ],
        "disputed_units": [
            {"name": name, "dispute": _number(mean)} for name, mean in disputes.dispute.items()
        ],
        "k": top(agreement.width),
        "seed": agreement.seed,
    }


def _beyond_chance(agreement: Agreement) -> dict[str, Json]:
    """Return on how many samples W is more than unrelated orders give."""
    w, methods = agreement.disputes.concordance, len(agreement.voters)
    p = np.full(len(w), np.nan)
    for width in np.unique(agreement.widths[agreement.widths > 1]) if methods > 1 else ():
        own = agreement.widths == width
        p[own] = concordance_p(w[own], methods, int(width))
    tested = int(np.isfinite(p).sum())
    return {"beyond": int((p <= LEVEL).sum()) if tested else None, "tested": tested}


def _summaries(agreement: Agreement, pair: Pair) -> list[dict[str, Json]]:
    rows = []
    for measure, values in pair.values.items():
        mean, low, high = agreement.intervals[measure, pair.a, pair.b]
        defined = int(np.isfinite(values).sum())
        row: dict[str, Json] = {
            "measure": measure,
            "a": pair.a,
            "b": pair.b,
            "mean": _number(mean),
            "low": _number(low),
            "high": _number(high),
            "samples": defined,
            "undefined": len(values) - defined,
        }
        if pair.b.startswith("self:"):
            row["deterministic"] = pair.is_deterministic
        rows.append(row)
    return rows


def _mean_tau(agreement: Agreement) -> Floats:
    """Return per sample the mean of the default measure over the pairs of methods."""
    values = [
        pair.values[DEFAULT]
        for pair in agreement.pairs
        if pair.a != RANDOM and not pair.b.startswith("self:")
    ]
    stacked = np.array(values).reshape(len(values), len(agreement.samples))
    counts = np.isfinite(stacked).sum(axis=0)
    total = np.nansum(stacked, axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _samples(agreement: Agreement, tau: Floats) -> list[dict[str, Json]]:
    """List the samples from the most to the least disputed; undefined ones come last."""
    disputes = agreement.disputes
    if not disputes.worst:
        return []
    order = np.lexsort((agreement.samples, tau, disputes.concordance))
    return [
        {
            "sample": int(agreement.samples[row]),
            "w": _number(disputes.concordance[row]),
            "tau": _number(tau[row]),
            "unit": disputes.worst[row],
            "places": [_number(place) for place in disputes.between[row]],
        }
        for row in order
    ]


def _number(value: float) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return round(float(value), DIGITS) if math.isfinite(value) else None
