"""Would a simpler model do: the parts put together into one answer, with its numbers.

Source: Semenova, Rudin and Parr 2022 (see `rashomon`); the bounds of 0.01 and 0.03 are our own.
Cost: none of a model; bootstraps of numbers that are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xai.analyses import rashomon
from xai.analyses.names import LEARNERS, SIMPLE, title
from xai.errors import XaiError
from xai.evaluation.intervals import resampled
from xai.vocabulary import Floats, Json

Parts = Sequence[tuple[Json, Mapping[str, np.ndarray]]]
SLUGS = tuple(LEARNERS)
SEED = 0
"""Of the bootstraps: the same parts give the same intervals."""


def conclude(parts: Parts) -> dict[str, Json]:
    """Return what `simpler.json` holds; `docs/bundle.md` names its fields.

    Raises
    ------
    XaiError
        If the parts are not those of one analysis.
    """
    facts = parts[0][0]
    labels = parts[0][1]["labels"]
    if any(not np.array_equal(arrays["labels"], labels) for _, arrays in parts):
        raise XaiError("The parts of this analysis are not of the same rows.")
    is_class = facts["problem"] == "classification"
    scores, losses = (_joined(parts, name) for name in ("scores", "losses"))
    own = _own_of(parts)
    per_row = np.vstack([np.nanmean(losses, axis=0), own["own_losses"]])
    draws = _score_draws(per_row, labels, is_class=is_class)
    found = _compare(scores, draws, is_class=is_class)
    return {
        "problem": facts["problem"],
        "score": "accuracy" if is_class else "r2",
        "rows": len(labels),
        "labelled": int(facts["labelled"]),
        "splits": len(scores),
        **found,
        "own": _own(own["own_losses"], draws, found, labels, is_class=is_class),
        "commonest": _commonest(labels) if is_class else None,
        "multiplicity": _multiplicity(parts, own, found, is_class=is_class),
        "reliance": _reliance(parts, own, found, facts["features"]),
        "notes": list(facts["remarks"]),
    }


def _joined(parts: Parts, name: str) -> Floats:
    found = [arrays[name] for _, arrays in parts if name in arrays]
    if not found:
        raise XaiError(f"The analysis ended without {name!r}.")
    return np.asarray(np.concatenate(found), dtype=np.float64)


def _own_of(parts: Parts) -> dict[str, Floats]:
    wanted = ("own_losses", "own_answers", "own_reliance")
    return {name: _joined(parts, name) for name in wanted}


def _compare(scores: Floats, draws: Floats, *, is_class: bool) -> dict[str, Json]:
    """Return the learners, which are near the best, and the best simple one beside the best."""
    means = scores.mean(axis=0)
    within = rashomon.tolerance(scores.T)
    near = rashomon.near(SLUGS, means, within)
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    best = int(means.argmax())
    simple = max((SLUGS.index(slug) for slug in SIMPLE), key=lambda at: means[at])
    return {
        "learners": [
            {
                "slug": slug,
                "title": title(slug, is_classification=is_class),
                "mean": means[at],
                "low": low[at],
                "high": high[at],
                "error": scores[:, at].std(ddof=1) / np.sqrt(len(scores)),
                "is_simple": slug in SIMPLE,
                "is_near": slug in near.members,
            }
            for at, slug in enumerate(SLUGS)
        ],
        "tolerance": within,
        "near": list(near.members),
        "spread": near.spread,
        "limit": rashomon.RANGE,
        "verdict": near.verdict,
        "best": SLUGS[best],
        "simple": SLUGS[simple],
        "difference": _apart(means[best] - means[simple], draws[:, best] - draws[:, simple]),
    }


def _score_draws(losses: Floats, labels: Floats, *, is_class: bool) -> Floats:
    """Return scores over resampled rows, shape (resamples, rows of `losses`)."""
    if is_class:
        return 1 - resampled(losses, SEED)
    spread = (labels - labels.mean()) ** 2
    drawn = resampled(np.vstack([losses, spread]), SEED)
    return np.asarray(1 - drawn[:, :-1] / drawn[:, -1:])


def _own(
    losses: Floats, draws: Floats, found: Mapping[str, Any], labels: Floats, *, is_class: bool
) -> dict[str, Json]:
    """Return the score of the uploaded model, and how far above it the best simple learner is."""
    mean = losses.mean()
    value = 1 - mean if is_class else 1 - mean / ((labels - labels.mean()) ** 2).mean()
    low, high = np.percentile(draws[:, -1], [2.5, 97.5])
    simple = SLUGS.index(found["simple"])
    gained = found["learners"][simple]["mean"] - value
    return {
        "mean": value,
        "low": low,
        "high": high,
        "simple_gains": _apart(gained, draws[:, simple] - draws[:, -1]),
    }


def _apart(value: float, draws: Floats) -> dict[str, Json]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"value": value, "low": low, "high": high}


def _commonest(labels: Floats) -> float:
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))


def _of_members(found: Mapping[str, Any], array: Floats) -> Floats:
    """Return the fits of near learners, the reference first, shape (models, …)."""
    near = [SLUGS.index(slug) for slug in found["near"]]
    best = SLUGS.index(found["best"])
    ordered = [best, *(at for at in near if at != best)]
    picked = array[:, ordered].swapaxes(0, 1)
    return picked.reshape(-1, *array.shape[2:])


def _multiplicity(
    parts: Parts, own: Mapping[str, Floats], found: Mapping[str, Any], *, is_class: bool
) -> dict[str, Json]:
    answers = _of_members(found, _joined(parts, "answers"))
    shared: dict[str, Json] = {
        "members": len(answers),
        "rows": answers.shape[1],
        "reference": found["best"],
    }
    if not is_class:
        least, most = rashomon.viable_range(answers)
        return shared | {"range": float((most - least).mean())}
    shares = _of_members(found, _joined(parts, "shares"))
    known = shares[np.isfinite(shares).all(axis=(1, 2))]
    shared |= {
        "ambiguity": rashomon.ambiguity(answers),
        "discrepancy": rashomon.discrepancy(answers),
        "differs": float((own["own_answers"] != answers[0]).mean()),
        "with_probabilities": len(known),
    }
    if len(known) > 1:
        least, most = rashomon.viable_range(known[:, :, -1])
        capacity = rashomon.capacity(known)
        shared |= {
            "range": float((most - least).mean()),
            "capacity": float(capacity.mean()),
            "capacity_most": float(capacity.max()),
        }
    return shared


def _reliance(
    parts: Parts, own: Mapping[str, Floats], found: Mapping[str, Any], names: Sequence[str]
) -> list[Json]:
    """Return how far nearly equal models differ in what they rely on, feature by feature."""
    reliance = _of_members(found, _joined(parts, "reliance"))
    least, most = rashomon.reliance_range(reliance)
    low, middle, high = np.percentile(reliance, [25, 50, 75], axis=0)
    order = np.argsort(-middle, kind="stable")
    return [
        {
            "name": names[at],
            "least": least[at],
            "low": low[at],
            "middle": middle[at],
            "high": high[at],
            "most": most[at],
            "own": own["own_reliance"][at],
        }
        for at in order
    ]
