"""What the probes of ReAGent found, as shares and as contributions with their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai.methods.perturbation.reagent_walk import Stream


@dataclass(frozen=True, slots=True)
class Told:
    """One sample: k outputs, u units.

    Attributes
    ----------
    shares, share_errors, contributions, contribution_errors : arrays of shape (k, u)
        0 for units that cannot cause the output, and for fixed ones; errors NaN with one probe.
    stopped, steps : arrays of shape (k,)
        Probes that passed the stop test; mean number of steps.
    """

    shares: Floats
    share_errors: Floats
    contributions: Floats
    contribution_errors: Floats
    stopped: Integers
    steps: Floats

    @staticmethod
    def listed(values: Floats) -> Json:
        """Return plain rows, four digits, None for NaN."""
        return [[None if np.isnan(v) else float(f"{v:.4g}") for v in row] for row in values]


def tell(streams: Sequence[Stream], players: Integers, *, uses_all: bool) -> Told:
    """Sum up the streams of one sample, which have its outputs in order.

    Parameters
    ----------
    players : array of shape (u,)
        The player of each unit of the sample.
    uses_all : bool
        Average over all probes, not only over those that stopped.
    """
    found = [
        _output(stream, output, players, uses_all=uses_all)
        for stream in streams
        for output in range(len(stream.places))
    ]
    shares, errors, signed, signed_errors = (
        np.array([one[part] for one in found]).reshape(len(found), len(players))
        for part in range(4)
    )
    stopped = np.concatenate([stream.stopped.sum(axis=1) for stream in streams])
    steps = np.concatenate([stream.steps.mean(axis=1) for stream in streams])
    return Told(shares, errors, signed, signed_errors, stopped, steps)


def _output(
    stream: Stream, output: int, players: Integers, *, uses_all: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return shares, their errors, contributions, their errors, each of shape (u,)."""
    inside = np.flatnonzero(stream.inside[output])
    stopped = stream.stopped[output]
    used = np.flatnonzero(stopped) if stopped.any() and not uses_all else np.arange(len(stopped))
    evidence = stream.evidence[output][np.ix_(used, inside)]
    if not len(inside):
        none = np.zeros(len(players))
        return none, none, none, none
    shares = softmax(evidence + stream.start[np.ix_(used, inside)], axis=1)
    steps = np.maximum(stream.steps[output, used], 1)
    contributions = evidence / steps[:, None]
    before = players[: stream.places[output] + 1]
    units = np.bincount(before[before >= 0], minlength=stream.inside.shape[1])[inside]
    spread = np.zeros((4, stream.inside.shape[1] + 1))
    for row, values in enumerate((shares, contributions)):
        spread[2 * row, inside] = values.mean(axis=0) / units
        spread[2 * row + 1, inside] = _error(values) / units
    at = np.where(np.arange(len(players)) < len(before), players, -1)
    spread_out = spread[:, at]
    return spread_out[0], spread_out[1], spread_out[2], spread_out[3]


def _error(values: Floats) -> Floats:
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))
