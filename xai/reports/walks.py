"""What the probes of ReAGent found beside its shares: signed contributions, and who never stopped.

A share says how peaked the evidence grew, which depends on how long the walk took; a contribution
is the mean evidence of a step, signed, with its standard error over probes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.reports.method import MethodResult
from xai.reports.phrasing import counted, listed
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Floats, Integers

TITLE = "{}, contribution per step"
UNIT = "evidence per step"


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The probes of one sample; k outputs, u units.

    Attributes
    ----------
    contributions, errors : arrays of shape (k, u)
        Errors are NaN with a single probe.
    stopped : array of shape (k,)
        Probes that passed the stop test.
    steps : array of shape (k,)
        Mean steps of a probe.
    placed : float
        Share of the tokens at which the source of replacements had words of its own.
    """

    contributions: Floats
    errors: Floats
    stopped: Integers
    steps: Floats
    probes: int
    placed: float
    variant: str

    def line(self, outputs: tuple[int, int]) -> str:
        """Say how the walks for outputs first … last ended, in one line."""
        chosen = slice(*outputs)
        stopped, count = int(self.stopped[chosen].sum()), self.probes * len(self.stopped[chosen])
        ended = "passed the stop test"
        if self.variant == "fixed":
            ended = "pass the stop test at the end"
        words = "" if self.placed >= 1 else f"; source used at {100 * self.placed:.0f} % of tokens"
        steps = f"{self.steps[chosen].mean():.3g}"
        return f"{stopped} of {count} probes {ended}, {steps} steps in the mean{words}"


def walk(method: MethodResult, sample: int) -> Walk | None:
    """Return the walks of a sample, where the method walks."""
    found = method.job.get("per_sample") or {}
    if "contributions" not in found:
        return None
    samples = list(dict.fromkeys(method.ragged.samples.tolist()))
    if sample not in samples:
        return None
    at = samples.index(sample)
    placed = found.get("placed") or [1.0] * len(samples)
    return Walk(
        contributions=_numbers(found["contributions"][at]),
        errors=_numbers(found["contribution_errors"][at]),
        stopped=np.array(found["stopped"][at], dtype=np.int64),
        steps=np.array(found["steps"][at], dtype=np.float64),
        probes=int(method.notes.get("probes", 1)),
        placed=float(placed[at]),
        variant=str(method.notes.get("variant", "")),
    )


def sentences(results: Results) -> list[Sentence]:
    """Say how many probes never stopped: they are counted, and no success."""
    said = []
    for method in results.local_methods():
        found = method.job.get("per_sample") or {}
        if "stopped" not in found or method.notes.get("variant") == "fixed":
            continue
        each = [np.array(one, dtype=np.int64) for one in found["stopped"]]
        outputs = int(sum(len(one) for one in each))
        probes = int(method.notes.get("probes", 1))
        never = outputs * probes - int(sum(one.sum() for one in each))
        without = int(sum((one == 0).sum() for one in each))
        if never:
            text = (
                f"{never:,} of {outputs * probes:,} probes of {method.title} never passed their "
                "stop test: hard tokens, not scored as found. "
                f"Of {counted(without, 'written token')} none did; there all probes are averaged."
            )
            said.append(Sentence(text, "compare", tone="warn"))
    return said


def replaced(results: Results) -> list[Sentence]:
    """Say what the replacements were, and that they are part of the question."""
    sources: dict[str, list[str]] = {}
    for method in results.local_methods():
        if words := str(method.notes.get("replacements") or ""):
            sources.setdefault(words, []).append(method.title)
    return [
        Sentence(f"{listed(titles)} answers “compared with what?”. {words}", "compare")
        for words, titles in sources.items()
    ]


def _numbers(rows: Any) -> Floats:
    return np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=np.float64)
