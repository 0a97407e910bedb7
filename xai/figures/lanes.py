"""Lanes: the methods side by side, one lane each, the same order of features in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.figures.bars import Bar, Scale, draw, scale_of
from xai.figures.parts import number, signed
from xai.vocabulary import Floats

Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """What one method says of every unit.

    Attributes
    ----------
    unit : str
        Of the values.
    values : array of shape (units,)
    low, high : array of shape (units,) or None
        Ends of the whiskers; NaN for none.
    members : tuple of tuples of int or None
        Features behind each unit, none for one that is not shown; None: every unit is a feature.
    is_signed : bool
        A negative value speaks against the target.
    is_shared : bool
        The values have the unit of the common scale.
    is_control : bool
        No explanation: it has no vote in the order and no part in a dispute.
    """

    slug: str
    title: str
    family: str
    unit: str
    values: Floats
    low: Floats | None = None
    high: Floats | None = None
    members: Groups | None = None
    is_signed: bool = True
    is_shared: bool = True
    is_control: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What one method says of one feature.

    Attributes
    ----------
    lane : str
        The slug of the lane.
    value, whisker : str
        As a person reads them; `whisker` is empty where no error is estimated.
    place : int or None
        1 for the strongest unit of this lane.
    bar : Bar or None
        None where there is no value, or where another row of the group has it.
    group : tuple of str
        The other features that share this value.
    home : int or None
        The feature in whose row the group's bar is drawn; None if it is this one.
    home_name : str
        What that feature is called.
    """

    lane: str
    value: str
    whisker: str = ""
    place: int | None = None
    bar: Bar | None = None
    group: tuple[str, ...] = ()
    home: int | None = None
    home_name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature in all lanes.

    Attributes
    ----------
    first, last : int or None
        The best and the worst place that any method gives it.
    dispute : float
        How far apart these are, 0 to 100 of what is possible.
    """

    feature: int
    name: str
    shown: str
    entries: tuple[Entry, ...]
    first: int | None
    last: int | None
    dispute: float


def arrange(
    names: Sequence[str],
    lanes: Sequence[Lane],
    *,
    shown: Sequence[str] = (),
    order: str = "consensus",
    is_own_scale: bool = False,
) -> list[Row]:
    """Return the features in one order, with a bar per lane.

    Parameters
    ----------
    names : sequence of str
        The features of the model.
    shown : sequence of str
        Their values, as a person reads them.
    order : "consensus", "dispute", "name", "column" or the slug of a lane
    is_own_scale : bool
        Each lane fills its width, instead of one scale for all that have its unit.
    """
    ranks = [places(lane, len(names)) for lane in lanes]
    spreads = _spreads(lanes, ranks, len(names))
    sequence = _order(order, names, lanes, ranks, spreads)
    cells = [
        _entries(lane, rank, scale, names, sequence)
        for lane, rank, scale in zip(lanes, ranks, scales(lanes, is_own_scale), strict=True)
    ]
    return [
        Row(
            feature=i,
            name=names[i],
            shown=shown[i] if shown else "",
            entries=tuple(column[i] for column in cells),
            first=spreads[i][0],
            last=spreads[i][1],
            dispute=_share(spreads[i], len(names)),
        )
        for i in sequence
    ]


def places(lane: Lane, features: int) -> Floats:
    """Return the place of each feature's unit by |value|, shape (features,); NaN where none."""
    sizes = np.abs(lane.values.astype(np.float64))
    known = np.sort(sizes[np.isfinite(sizes)])
    place = 1.0 + len(known) - np.searchsorted(known, sizes, side="right")
    place[~np.isfinite(sizes)] = np.nan
    found = np.full(features, np.nan)
    for unit, group in enumerate(lane.members or _alone(len(sizes))):
        found[list(group)] = place[unit]
    return found


def scales(lanes: Sequence[Lane], is_own: bool) -> list[Scale]:  # noqa: FBT001
    """Return the scale of each lane: one for all that have the common unit, unless `is_own`.

    A control does not stretch the common scale: what it says is noise, and may be cut off.
    """
    every = [lane for lane in lanes if lane.is_shared]
    shared = [lane for lane in every if not lane.is_control] or every
    common = scale_of(
        [array for lane in shared for array in _extent(lane)],
        signed=any(lane.is_signed for lane in shared),
    )
    return [
        common if lane.is_shared and not is_own else scale_of(_extent(lane), signed=lane.is_signed)
        for lane in lanes
    ]


def consensus(lanes: Sequence[Lane], ranks: Sequence[Floats], features: int) -> Floats:
    """Return the mean place of each feature; a family of methods has one vote, a control none."""
    voters = [i for i, lane in enumerate(lanes) if not lane.is_control] or list(range(len(lanes)))
    families = [lanes[i].family for i in voters]
    total, weight = np.zeros(features), np.zeros(features)
    for i, family in zip(voters, families, strict=True):
        known = np.isfinite(ranks[i])
        vote = 1 / families.count(family)
        total += np.where(known, ranks[i], 0.0) * vote
        weight += known * vote
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(weight > 0, total / weight, np.inf))


def _alone(units: int) -> Groups:
    return tuple((unit,) for unit in range(units))


def _spreads(
    lanes: Sequence[Lane], ranks: Sequence[Floats], features: int
) -> list[tuple[int | None, int | None]]:
    """Return best and worst place per feature, over lanes that give it a value of its own."""
    stacked = np.full((len(lanes), features), np.nan)
    for row, (lane, rank) in enumerate(zip(lanes, ranks, strict=True)):
        if not lane.is_control:
            alone = [group[0] for group in lane.members or _alone(features) if len(group) == 1]
            stacked[row, alone] = rank[alone]
    best = np.where(np.isnan(stacked), np.inf, stacked).min(axis=0, initial=np.inf)
    worst = np.where(np.isnan(stacked), -np.inf, stacked).max(axis=0, initial=-np.inf)
    return [
        (int(a), int(b)) if np.isfinite(a) else (None, None)
        for a, b in zip(best, worst, strict=True)
    ]


def _share(spread: tuple[int | None, int | None], features: int) -> float:
    if spread[0] is None or spread[1] is None or features < 2:
        return 0.0
    return round(100 * (spread[1] - spread[0]) / (features - 1), 1)


def _order(
    order: str,
    names: Sequence[str],
    lanes: Sequence[Lane],
    ranks: Sequence[Floats],
    spreads: Sequence[tuple[int | None, int | None]],
) -> list[int]:
    mean = consensus(lanes, ranks, len(names))
    chosen = next((i for i, lane in enumerate(lanes) if lane.slug == order), None)
    if order == "name":
        return sorted(range(len(names)), key=lambda i: (names[i].casefold(), i))
    if order == "column":
        return list(range(len(names)))
    if order == "dispute":
        return sorted(range(len(names)), key=lambda i: (-_share(spreads[i], len(names)), mean[i]))
    if chosen is not None:
        own = np.nan_to_num(ranks[chosen], nan=np.inf)
        return sorted(range(len(names)), key=lambda i: (own[i], mean[i]))
    return sorted(range(len(names)), key=lambda i: (mean[i], i))


def _extent(lane: Lane) -> list[Floats]:
    return [array for array in (lane.values, lane.low, lane.high) if array is not None]


def _entries(
    lane: Lane, rank: Floats, scale: Scale, names: Sequence[str], sequence: Sequence[int]
) -> list[Entry]:
    """Return one entry per feature; a group's bar is in the row that comes first."""
    found = [Entry(lane.slug, "–")] * len(names)
    at = {feature: position for position, feature in enumerate(sequence)}
    for unit, group in enumerate(lane.members or _alone(len(lane.values))):
        first = min(group, key=at.__getitem__, default=-1)
        for feature in group:
            others = tuple(names[other] for other in group if other != feature)
            place = None if np.isnan(rank[feature]) else int(rank[feature])
            value = float(lane.values[unit])
            found[feature] = Entry(
                lane=lane.slug,
                value=signed(value) if lane.is_signed else number(value),
                whisker=_whisker(lane, unit),
                place=place,
                bar=_bar(lane, unit, scale) if feature == first else None,
                group=others,
                home=None if feature == first else first,
                home_name="" if feature == first else names[first],
            )
    return found


def _whisker(lane: Lane, unit: int) -> str:
    low, high = _ends(lane, unit)
    if low is None or high is None:
        return ""
    show = signed if lane.is_signed else number
    return f"{show(low)} to {show(high)}"


def _bar(lane: Lane, unit: int, scale: Scale) -> Bar | None:
    low, high = _ends(lane, unit)
    return draw(float(lane.values[unit]), scale, signed=lane.is_signed, low=low, high=high)


def _ends(lane: Lane, unit: int) -> tuple[float | None, float | None]:
    if lane.low is None or lane.high is None:
        return None, None
    low, high = float(lane.low[unit]), float(lane.high[unit])
    return (low, high) if np.isfinite(low + high) else (None, None)
