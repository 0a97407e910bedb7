"""One sample and the methods side by side: what the address says, and what the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from xai.figures.lanes import Lane, Row, arrange, scales
from xai.figures.parts import number, signed
from xai.reports.results import MethodResult, Results
from xai.reports.side_by_side import lanes_of_sample

FEW, TOP = 30, 20
"""Above `FEW` features the page begins with the `TOP` strongest by consensus."""
OUTPUTS = 12
TOLERANCE = 1e-4
ORDERS = {
    "consensus": "Consensus of the methods",
    "dispute": "Dispute, largest first",
    "name": "Name",
    "column": "Column of the model",
}


@dataclass(frozen=True, slots=True)
class State:
    """Everything the address bar holds: two equal addresses show the same page.

    Attributes
    ----------
    by : "row" or "dispute"
        In which order previous and next go.
    wrong : bool
        Only samples that the model gets wrong.
    """

    sample: int
    order: str = "consensus"
    scale: str = "shared"
    all: bool = False
    by: str = "row"
    wrong: bool = False

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes; what is as usual is left out."""
        changed, usual = replace(self, **changes), State(-1)
        chosen = {
            name: int(value) if isinstance(value, bool) else value
            for name in self.__slots__
            if (value := getattr(changed, name)) != getattr(usual, name)
        }
        return f"?{urlencode(chosen)}"


@dataclass(frozen=True, slots=True)
class Sum:
    """Whether a method's values add up to the output."""

    base: str
    total: str
    output: str
    gap: str
    is_promised: bool
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Where the sample stands among those that previous and next go through."""

    place: int
    of: int
    previous: int | None
    next: int | None


def read(query: Mapping[str, str], results: Results) -> tuple[State, str]:
    """Return the state that an address asks for, and a sentence if it cannot be had as it is."""
    state = State(
        sample=-1,
        order=query.get("order", "consensus"),
        scale="own" if query.get("scale") == "own" else "shared",
        all=query.get("all") in {"1", "on"},
        by="dispute" if query.get("by") == "dispute" else "row",
        wrong=query.get("wrong") in {"1", "on"},
    )
    lanes = {method.slug for method in results.local_methods()}
    if state.order not in ORDERS and state.order not in lanes:
        state = replace(state, order="consensus")
    if not sequence(results, state):
        state = replace(state, wrong=False)
        notice = "No prediction of these rows is known to be wrong; all of them are shown."
    else:
        notice = ""
    asked = query.get("sample", "")
    if not asked:
        return replace(state, sample=sequence(results, state)[0]), notice
    found = _nearest(asked, sequence(results, State(-1)))
    if str(found) != asked:
        notice = f"Row {asked[:20]} is not among the explained rows; here is row {found}."
    return replace(state, sample=found), notice


class Going(Protocol):
    """What decides through which samples previous and next go."""

    @property
    def sample(self) -> int:
        """The row shown."""

    @property
    def by(self) -> str:
        """In which order: "row" or "dispute"."""

    @property
    def wrong(self) -> bool:
        """Only samples that the model gets wrong."""


def sequence(results: Results, state: Going) -> list[int]:
    """Return the samples that previous and next go through."""
    predictions = results.predictions
    if state.by == "dispute" and results.agreement:
        samples = [int(row["sample"]) for row in results.agreement["samples"]]
    else:
        samples = [int(sample) for sample in predictions.samples]
    if state.wrong:
        known = zip(predictions.samples, predictions.correct, strict=True)
        wrong = {int(sample) for sample, correct in known if correct is False}
        samples = [sample for sample in samples if sample in wrong]
    return samples


def step(results: Results, state: Going) -> Step:
    """Return the neighbours of the sample."""
    samples = sequence(results, state)
    if state.sample not in samples:
        return Step(0, len(samples), None, samples[0] if samples else None)
    at = samples.index(state.sample)
    return Step(
        at + 1,
        len(samples),
        samples[at - 1] if at else None,
        samples[at + 1] if at + 1 < len(samples) else None,
    )


def table(results: Results, state: State) -> dict[str, Any]:
    """Return lanes, rows, scales and sums for the page."""
    position = results.sample_index(state.sample)
    lanes = lanes_of_sample(results, state.sample)
    names, shown = results.inputs.names, results.inputs.display(position)
    is_own = state.scale == "own"
    rows = arrange(names, lanes, shown=shown, order=state.order, is_own_scale=is_own)
    kept = _shorten(rows, names, lanes, state)
    methods = {method.slug: method for method in results.local_methods()}
    ends = [f"±{number(scale.high)}" for scale in scales(lanes, is_own)]
    heads = [
        {"lane": lane, "scale": end, "sum": _sum(methods[lane.slug], results, position)}
        for lane, end in zip(lanes, ends, strict=True)
    ]
    shared = next((end for lane, end in zip(lanes, ends, strict=True) if lane.is_shared), "")
    return {"heads": heads, "rows": kept, "hidden": len(rows) - len(kept), "shared_scale": shared}


def prediction(results: Results, state: Going) -> dict[str, Any]:
    """Return what the model says of the sample."""
    found, at = results.predictions, results.sample_index(state.sample)
    outputs = sorted(
        zip(results.outputs, found.outputs[at].tolist(), strict=False), key=lambda pair: -pair[1]
    )
    return {
        "is_regression": results.problem == "regression",
        "target": found.targets[at],
        "predicted": found.predicted[at],
        "value": signed(float(found.values[at])),
        "probability": None if found.probabilities is None else float(found.probabilities[at]),
        "label": found.labels[at],
        "correct": found.correct[at],
        "outputs": [(name, number(value)) for name, value in outputs[:OUTPUTS]],
        "more": max(0, len(outputs) - OUTPUTS),
    }


def dispute(results: Results, sample: int) -> dict[str, Any] | None:
    """Return how disputed the sample is among all, or None before agreement is computed."""
    if not results.agreement:
        return None
    rows = results.agreement["samples"]
    place = next((i for i, row in enumerate(rows) if row["sample"] == sample), None)
    return None if place is None else {**rows[place], "rank": place + 1, "of": len(rows)}


def _shorten(
    rows: list[Row], names: Sequence[str], lanes: Sequence[Lane], state: State
) -> list[Row]:
    if state.all or len(rows) <= FEW:
        return rows
    top = {row.feature for row in arrange(names, lanes)[:TOP]}
    return [row for row in rows if row.feature in top]


def _sum(method: MethodResult, results: Results, position: int) -> Sum | None:
    if method.base is None:
        return None
    base, total = float(method.base[position]), float(method.values[position].sum())
    output = float(results.predictions.values[position])
    gap = output - base - total
    return Sum(
        base=number(base),
        total=signed(total),
        output=number(output),
        gap=signed(gap),
        is_promised=method.is_complete,
        is_kept=abs(gap) <= TOLERANCE * max(1.0, abs(output)),
    )


def _nearest(asked: str, among: Sequence[int]) -> int:
    if not asked.lstrip("-").isdigit() or len(asked) > 18:
        return among[0]
    return min(among, key=lambda sample: abs(sample - int(asked)))
