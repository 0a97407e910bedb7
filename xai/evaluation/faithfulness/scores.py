"""What two curves say: areas, comprehensiveness, sufficiency.

Source: Petsiuk, Das and Saenko, RISE, BMVC 2018 (deletion and insertion); DeYoung et al., ERASER,
ACL 2020 (comprehensiveness, sufficiency); Zhao and Aletras, ACL 2023 (their normalised forms).
Departures: areas are over the share of the players, so that samples of any length compare.
Sizes in shapes: o orders of one sample; s steps.
"""

from __future__ import annotations

import numpy as np

from xai.evaluation.faithfulness.orders import STEPS, bins, counts
from xai.vocabulary import Floats

LEAST = 1e-6
"""What a completeness gap is divided by at least."""


def measure(
    players: int, deletion: Floats, insertion: Floats, *, is_probability: bool = False
) -> dict[str, Floats]:
    """Return every measure of the curves, each of shape (o,).

    Parameters
    ----------
    deletion, insertion : arrays of shape (o, s)
        Scores at the steps of `counts(players)`.
    is_probability : bool
        Whether the score is one; the normalised measures are undefined otherwise.
    """
    away, back = area(players, deletion), area(players, insertion)
    at, whole, empty = bins(players), deletion[:, :1], insertion[:, :1]
    fall, miss = whole - deletion[:, at], whole - insertion[:, at]
    enough, all_of_it = (
        normalised(fall, miss, whole - empty)
        if is_probability
        else (np.full(fall.shape, np.nan),) * 2
    )
    return {
        "gap": back - away,
        "deletion": away,
        "insertion": back,
        "comprehensiveness": fall.mean(axis=1),
        "sufficiency": miss.mean(axis=1),
        "normal_comprehensiveness": all_of_it.mean(axis=1),
        "normal_sufficiency": enough.mean(axis=1),
    }


def area(players: int, curve: Floats) -> Floats:
    """Return the area under curves (…, s) over the share of players, by the trapezoid rule."""
    shares = np.array(counts(players)) / players
    return np.asarray(((curve[..., 1:] + curve[..., :-1]) / 2) @ np.diff(shares))


def normalised(fall: Floats, miss: Floats, nothing: Floats) -> tuple[Floats, Floats]:
    """Return normalised sufficiency and comprehensiveness, cut to 0 … 1.

    Parameters
    ----------
    fall, miss : arrays of shape (o, b)
        Probability lost without the important players, and with them alone.
    nothing : array of shape (o, 1)
        Probability lost without any player; both are undefined unless it is positive.
    """
    least = 1 - np.maximum(0.0, nothing)
    with np.errstate(invalid="ignore", divide="ignore"):
        enough = (1 - np.maximum(0.0, miss) - least) / (1 - least)
        all_of_it = np.maximum(0.0, fall) / (1 - least)
    is_defined = nothing > 0
    return (
        np.where(is_defined, np.clip(enough, 0, 1), np.nan),
        np.where(is_defined, np.clip(all_of_it, 0, 1), np.nan),
    )


def completeness_gap(whole: Floats, base: Floats, total: Floats) -> Floats:
    """Return |score − base − sum of values| as a share of |score − base|, elementwise."""
    moved = whole - base
    return np.asarray(np.abs(moved - total) / np.maximum(np.abs(moved), LEAST))


def at_steps(players: int, curve: Floats) -> Floats:
    """Return curves (o, s) read at the shares `STEPS`, so that samples of any length average."""
    shares = np.array(counts(players)) / players
    return np.array([np.interp(STEPS, shares, line) for line in curve])
