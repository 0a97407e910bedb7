"""The overview in numbers: how good the model is here, how far methods agree, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.figures.parts import number
from xai.reports.results import Results


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with what it means; `page` is where it comes from."""

    title: str
    value: str
    words: str
    page: str


def tiles(results: Results) -> list[Tile]:
    """Return the numbers at the top of the overview that can be had so far."""
    found = [_performance(results), _agreement(results), _cost(results)]
    return [tile for tile in found if tile]


def _performance(results: Results) -> Tile | None:
    predictions = results.predictions
    if results.problem == "regression":
        return _error(results)
    known = [correct for correct in predictions.correct if correct is not None]
    if not known:
        return None
    share = sum(known) / len(known)
    low, high = _wilson(share, len(known))
    words = f"of {len(known)} labelled rows; 95 % interval {100 * low:.0f} to {100 * high:.0f} %"
    return Tile("Right predictions", f"{100 * share:.0f} %", words, "compare")


def _error(results: Results) -> Tile | None:
    predictions = results.predictions
    labels = np.array([np.nan if x is None else float(x) for x in predictions.labels])
    known = np.isfinite(labels)
    if not known.any():
        return None
    labels, values = labels[known], predictions.values[known]
    error, spread = np.abs(values - labels).mean(), np.abs(labels - np.median(labels)).mean()
    words = (
        f"over {len(labels)} labelled rows; always saying the median would give {number(spread)}"
    )
    return Tile("Mean absolute error", number(float(error)), words, "compare")


def _agreement(results: Results) -> Tile | None:
    if not results.agreement:
        return None
    found = results.agreement
    pairs = [pair for pair in found["pairs"] if pair["measure"] == found["default"]]
    chosen = [p["mean"] for p in pairs if p["a"] != "random" and not p["b"].startswith("self:")]
    random = [p["mean"] for p in pairs if p["a"] == "random" and p["mean"] is not None]
    known = [mean for mean in chosen if mean is not None]
    if not known:
        return None
    words = f"mean Kendall τ-b of {len(known)} pair{'s' * (len(known) > 1)} of methods"
    if random:
        words += f"; a random order reaches {_two(random)}"
    return Tile("Agreement", _two(known), words, "agreement")


def _cost(results: Results) -> Tile:
    total = sum(method.evaluations for method in results.methods)
    rows, methods = len(results.predictions.samples), len(results.methods)
    words = f"by {methods} method{'s' * (methods > 1)}, with {total:,} evaluations of the model"
    return Tile("Rows explained", f"{rows:,}", words, "global")


def _two(numbers: list[float]) -> str:
    return f"{float(np.mean(numbers)) + 0.0:.2f}".replace("-", "−")


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: right also near 0 and 1."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def costs(results: Results) -> list[dict[str, Any]]:
    """Return one line per method: what it is, what was set, what it cost."""
    return [
        {
            "slug": method.slug,
            "title": method.title,
            "family": method.family,
            "params": method.params,
            "seed": method.seed,
            "evaluations": method.evaluations,
            "seconds": method.seconds,
            "algorithm": method.notes.get("algorithm", ""),
        }
        for method in results.methods
    ]
