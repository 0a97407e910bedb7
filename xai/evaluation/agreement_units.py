"""Agreement where the units differ from sample to sample: words of a text, cells of a picture.

The same measures, references and files as `xai.evaluation.agreement`, which has the sources.
Samples with equally many units are compared together; the outputs of one sample (the tokens that
a language model wrote) are compared one by one and averaged, so that a sample counts once.
Cost: no model evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.agreement import CONTROL, RANDOM, SELF, Agreement, Pair, intervals
from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.consensus import Consensus, Disputes, gather, largest_first
from xai.evaluation.measures import compare
from xai.vocabulary import Floats, Integers

NAMED_LEAST = 3
"""Samples on which a unit of this name must stand before its mean dispute is worth listing."""
NAMES_MOST = 100


@dataclass(frozen=True, slots=True)
class Varied:
    """The explanations of one method, over the units that all methods have in common.

    Attributes
    ----------
    samples : array of shape (n,)
        Rows of the dataset that it explains.
    values : sequence of sequences of arrays of shape (u,)
        By sample, then by explained output; u may differ between outputs too.
    """

    samples: Integers
    values: Sequence[Sequence[Floats]]
    is_signed: bool = True
    family: str = ""
    is_stochastic: bool = False


@dataclass(frozen=True, slots=True)
class _Rows:
    """Every explained output of every sample, one after another.

    Attributes
    ----------
    of : array of shape (r,)
        The sample of each row, counted.
    widths : array of shape (r,)
        Units of each row.
    """

    slugs: tuple[str, ...]
    values: tuple[list[Floats | None], ...]
    of: Integers
    widths: Integers
    count: int


def agree_units(
    methods: Mapping[str, Varied], names: Mapping[int, Sequence[str]], seed: int = 0
) -> Agreement:
    """Compare all methods with each other, with a random order and with themselves.

    Parameters
    ----------
    methods : mapping
        Slug to explanations; `self:<slug>` and the family "Control" as for `agreement.agree`.
    names : mapping
        The units of each sample, by row of the dataset.
    """
    chosen = {
        slug: method
        for slug, method in methods.items()
        if not slug.startswith(SELF) and method.family != CONTROL
    }
    samples = next(iter(chosen.values())).samples if chosen else np.zeros(0, dtype=np.int64)
    rows = _rows(chosen, methods, samples, seed)
    pairs = _pairs(rows, chosen, methods, samples)
    found = Agreement(
        methods=tuple(chosen),
        samples=samples,
        seed=seed,
        pairs=tuple(pairs),
        units=(),
        voters=tuple(chosen),
        disputes=_disputes(rows, chosen, samples, names),
        width=int(np.median(rows.widths)) if len(rows.widths) else 0,
        widths=_sample_widths(rows),
    )
    found.intervals.update(intervals(found))
    return found


def _sample_widths(rows: _Rows) -> Integers:
    """Return the units of each sample, 0 where it has several outputs: W is a mean there."""
    counts = np.bincount(rows.of, minlength=rows.count)
    found = np.zeros(rows.count, dtype=np.int64)
    found[rows.of] = rows.widths
    return np.where(counts == 1, found, 0)


def _rows(
    chosen: Mapping[str, Varied], methods: Mapping[str, Varied], samples: Integers, seed: int
) -> _Rows:
    """Lay out the values of every method along the same rows; None where a method has none."""
    first = next(iter(chosen.values()), None)
    shapes = [] if first is None else [[len(v) for v in outputs] for outputs in first.values]
    of = np.repeat(np.arange(len(shapes)), [len(widths) for widths in shapes])
    output = np.concatenate([[], *(np.arange(len(widths)) for widths in shapes)]).astype(np.int64)
    widths = np.array([width for each in shapes for width in each], dtype=np.int64)
    compared = {slug: m for slug, m in methods.items() if m.family != CONTROL}
    values = [_laid(method, samples, of, output, widths) for method in compared.values()]
    control = next((m for m in methods.values() if m.family == CONTROL and m.is_signed), None)
    drawn: list[Floats | None] = (
        [_draw(seed, samples[i], o, u) for i, o, u in zip(of, output, widths, strict=True)]
        if control is None
        else _laid(control, samples, of, output, widths)
    )
    return _Rows((*compared, RANDOM), (*values, drawn), of, widths, len(samples))


def _laid(
    method: Varied, samples: Integers, of: Integers, output: Integers, widths: Integers
) -> list[Floats | None]:
    where = {int(sample): at for at, sample in enumerate(method.samples)}
    found: list[Floats | None] = []
    for i, o, u in zip(of, output, widths, strict=True):
        at = where.get(int(samples[i]))
        own = method.values[at] if at is not None else ()
        fits = o < len(own) and len(own[o]) == u
        found.append(own[o] if fits else None)
    return found


def _draw(seed: int, sample: int, output: int, units: int) -> Floats:
    return np.random.default_rng([seed, 1, int(sample), int(output)]).standard_normal(units)


def _stacks(rows: _Rows, slugs: Sequence[str]) -> list[tuple[Integers, Floats]]:
    """Return (rows, values of shape (rows, methods, u)) for each number of units."""
    columns = [rows.values[rows.slugs.index(slug)] for slug in slugs]
    found = []
    for width in np.unique(rows.widths):
        at = np.flatnonzero(rows.widths == width)
        missing = np.full(width, np.nan)
        stack = np.array(
            [[missing if column[i] is None else column[i] for column in columns] for i in at]
        )
        complete = np.isfinite(stack).all(axis=2, keepdims=True)
        found.append((at, np.where(complete, stack, np.nan)))
    return found


def _pairs(
    rows: _Rows,
    chosen: Mapping[str, Varied],
    methods: Mapping[str, Varied],
    samples: Integers,
) -> list[Pair]:
    slugs = list(chosen)
    wanted = [(a, b) for i, a in enumerate(slugs) for b in slugs[i + 1 :]]
    wanted += [(RANDOM, slug) for slug in slugs]
    wanted += [(s, SELF + s) for s in slugs if not chosen[s].is_stochastic or SELF + s in methods]
    places = np.array([[_column(rows, a), _column(rows, b)] for a, b in wanted]).reshape(-1, 2)
    signed = tuple(slug == RANDOM or methods[slug].is_signed for slug in rows.slugs)
    values = {slug: np.full((len(wanted), len(rows.of)), np.nan) for slug in CATALOGUE}
    for at, stack in _stacks(rows, rows.slugs):
        for slug, block in compare(stack, places, signed).items():
            values[slug][:, at] = block
    means = {slug: _by_sample(block, rows) for slug, block in values.items()}
    found = []
    for position, (a, b) in enumerate(wanted):
        is_exact = b == SELF + a and not chosen[a].is_stochastic
        kept = np.ones(len(samples), dtype=bool)
        if b == SELF + a and not is_exact:
            kept = np.isin(samples, methods[b].samples)
        own = {slug: block[position][kept] for slug, block in means.items()}
        found.append(Pair(a, b, samples[kept], own, is_deterministic=is_exact))
    return found


def _column(rows: _Rows, slug: str) -> int:
    """Return the column of a method; one without another seed is compared with itself."""
    known = slug if slug in rows.slugs else slug.removeprefix(SELF)
    return rows.slugs.index(known)


def _by_sample(values: Floats, rows: _Rows) -> Floats:
    """Return the mean over the outputs of each sample, shape (p, n); undefined ones left out."""
    edges = np.searchsorted(rows.of, np.arange(rows.count + 1))
    defined = np.isfinite(values)
    counts = _sums(defined.astype(np.float64), edges)
    total = _sums(np.where(defined, values, 0.0), edges)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _sums(values: Floats, edges: Integers) -> Floats:
    """Return the sums of consecutive columns between edges."""
    starts, filled = edges[:-1], edges[1:] > edges[:-1]
    found = np.zeros((len(values), len(starts)))
    if filled.any():
        found[:, filled] = np.add.reduceat(values, starts[filled], axis=1)
    return found


def _disputes(
    rows: _Rows,
    chosen: Mapping[str, Varied],
    samples: Integers,
    names: Mapping[int, Sequence[str]],
) -> Disputes:
    families = tuple(method.family or slug for slug, method in chosen.items())
    concordance = np.full((1, len(rows.of)), np.nan)
    worst, largest = [""] * len(samples), np.full(len(samples), -1.0)
    between = np.full((len(samples), 2), np.nan)
    by_name: dict[str, list[float]] = {}
    for at, stack in _stacks(rows, list(chosen)) if chosen else ():
        found = gather(stack.swapaxes(0, 1), families)
        concordance[0, at] = found.concordance
        for row, (sample, unit) in enumerate(zip(rows.of[at], _worst(found), strict=True)):
            known, spread = names.get(int(samples[sample]), ()), found.dispute[row]
            for name, value in zip(known, spread, strict=False):
                by_name.setdefault(name, []).append(float(value))
            if len(spread) and (spread[unit] > largest[sample] or not worst[sample]):
                largest[sample] = spread[unit]
                worst[sample] = known[unit] if unit < len(known) else f"unit {unit + 1}"
                own = found.places[:, row, unit]
                between[sample] = own.min(), own.max()
    return Disputes(
        concordance=_by_sample(concordance, rows)[0],
        worst=tuple(worst),
        between=between,
        dispute=_means(by_name),
    )


def _worst(found: Consensus) -> Integers:
    if not found.dispute.shape[1]:
        return np.zeros(len(found.dispute), dtype=np.int64)
    return np.asarray(found.most_disputed(), dtype=np.int64)


def _means(by_name: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the mean dispute of the names that stand on several samples, the largest first."""
    means = {
        name: float(np.mean(known))
        for name, values in by_name.items()
        if len(known := [value for value in values if np.isfinite(value)]) >= NAMED_LEAST
    }
    ordered = largest_first(tuple(means), np.array(list(means.values())))
    return dict(list(ordered.items())[:NAMES_MOST])
