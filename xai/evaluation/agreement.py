"""How far methods agree on each sample, with intervals and two reference rows.

Source: Neely, Schouten, Bleeker and Lucic, A Song of (Dis)agreement, 2022 (Kendall's τ-b between
attributions); Krishna et al., The Disagreement Problem in Explainable Machine Learning, TMLR 2024
(overlap and signs of the top k); Webber, Moffat and Zobel, ACM TOIS 2010 (rank-biased overlap).
Departures: every mean has a bootstrap interval over samples, undefined values are counted and never
replaced by 0, and each method is also compared with a random order and with itself, another seed.
Cost: no model evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from xai.errors import ShapeMismatch
from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.consensus import Disputes, gather, summarise
from xai.evaluation.intervals import mean_interval
from xai.evaluation.measures import compare
from xai.evaluation.players import Groups, coarsen, common_units, features, join, unit_names
from xai.vocabulary import Floats, Integers

RANDOM = "random"
SELF = "self:"
CONTROL = "Control"


@dataclass(frozen=True, slots=True)
class Ranked:
    """The explanations of one method, to be compared.

    Attributes
    ----------
    values : array of shape (n, units)
    members : tuple of tuples of int, or None
        Features behind each unit; None where every unit is a feature.
    is_stochastic : bool
        Another seed would give other values. If False, the method agrees with itself exactly.
    samples : array of shape (n,) or None
        Rows of the dataset that `values` explain; None: those given to `agree`.
    """

    names: tuple[str, ...]
    values: Floats
    members: Groups | None = None
    is_signed: bool = True
    family: str = ""
    is_stochastic: bool = False
    samples: Integers | None = None

    @property
    def groups(self) -> Groups:
        """Features behind each unit."""
        return features(len(self.names)) if self.members is None else self.members


@dataclass(frozen=True, slots=True)
class Pair:
    """Two methods compared on every sample.

    Attributes
    ----------
    samples : array of shape (n,)
    values : dict of measure slug to array of shape (n,)
    is_deterministic : bool
        A method against itself that has no other seed: equal by construction, not measured.
    """

    a: str
    b: str
    samples: Integers
    values: dict[str, Floats]
    is_deterministic: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """What `agree` found; `files.write_agreement` makes it the two files of a bundle.

    Attributes
    ----------
    methods : tuple of str
        Those compared, the control left out.
    pairs : tuple of Pair
        Methods with each other, then the random order with each, then each with itself.
    units : tuple of str
        Over which the consensus, the dispute and Kendall's W were taken; empty where they differ
        from sample to sample.
    width : int
        How many units a sample has; the median where they differ.
    widths : array of shape (n,)
        Units of each sample; 0 where its outputs have differing ones.
    voters : tuple of str
        The methods behind the consensus.
    """

    methods: tuple[str, ...]
    samples: Integers
    seed: int
    pairs: tuple[Pair, ...]
    units: tuple[str, ...]
    voters: tuple[str, ...]
    disputes: Disputes
    width: int
    widths: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    intervals: dict[tuple[str, str, str], tuple[float, float, float]] = field(default_factory=dict)


def agree(
    methods: Mapping[str, Ranked], samples: Integers | None = None, seed: int = 0
) -> Agreement:
    """Compare all methods with each other, with a random order and with themselves.

    Parameters
    ----------
    methods : mapping
        Slug to explanations. `self:<slug>` is the same method with another seed, and may cover
        fewer samples; a method of the family "Control" is the random reference, if there is one.
    samples : array of shape (n,) or None
        Rows of the dataset; None: those that the first method explains.

    Raises
    ------
    ShapeMismatch
        If the explanations of a method do not fit its names and samples.
    """
    chosen = {
        slug: ranked
        for slug, ranked in methods.items()
        if not slug.startswith(SELF) and ranked.family != CONTROL
    }
    samples = _first_samples(methods) if samples is None else samples
    aligned = {slug: _align(slug, ranked, samples) for slug, ranked in methods.items()}
    pairs = _between(chosen, aligned, samples)
    pairs += _against_random(
        chosen, aligned, _random_order(methods, aligned, samples, seed), samples
    )
    pairs += _with_itself(chosen, methods, aligned, samples)
    own = {slug: ranked.groups for slug, ranked in chosen.items()}
    names = {slug: ranked.names for slug, ranked in chosen.items()}
    voters, groups = common_units(own)
    votes = np.array([coarsen(aligned[slug], own[slug], groups) for slug in voters]).reshape(
        len(voters), len(samples), len(groups)
    )
    units = unit_names(names, own, groups)
    consensus = gather(votes, tuple(chosen[slug].family or slug for slug in voters))
    found = Agreement(
        methods=tuple(chosen),
        samples=samples,
        seed=seed,
        pairs=tuple(pairs),
        units=units,
        voters=voters,
        disputes=summarise(consensus, units),
        width=len(units),
        widths=np.full(len(samples), len(units)),
    )
    found.intervals.update(intervals(found))
    return found


def _first_samples(methods: Mapping[str, Ranked]) -> Integers:
    for slug, ranked in methods.items():
        if not slug.startswith(SELF):
            return np.arange(len(ranked.values)) if ranked.samples is None else ranked.samples
    return np.arange(0)


def _align(slug: str, ranked: Ranked, samples: Integers) -> Floats:
    """Return the values on `samples`, NaN where the method explains another row."""
    own = samples if ranked.samples is None else ranked.samples
    if ranked.values.shape != (len(own), len(ranked.names)):
        raise ShapeMismatch(
            f"{slug} has values of shape {ranked.values.shape} for {len(own)} samples "
            f"and {len(ranked.names)} units"
        )
    values = np.asarray(ranked.values, dtype=np.float64)
    values = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, np.nan)
    if np.array_equal(own, samples):
        return values
    order = np.argsort(own, kind="stable")
    at = np.minimum(np.searchsorted(own, samples, sorter=order), len(own) - 1)
    rows = order[at]
    return np.where((own[rows] == samples)[:, None], values[rows], np.nan)


def _between(
    chosen: Mapping[str, Ranked], aligned: Mapping[str, Floats], samples: Integers
) -> list[Pair]:
    """Compare every two methods; pairs that share common units are compared together."""
    slugs = list(chosen)
    by_units: dict[Groups, list[tuple[str, str]]] = {}
    for position, a in enumerate(slugs):
        for b in slugs[position + 1 :]:
            by_units.setdefault(join(chosen[a].groups, chosen[b].groups), []).append((a, b))
    found: dict[tuple[str, str], Pair] = {}
    for groups, wanted in by_units.items():
        needed = [slug for slug in slugs if any(slug in pair for pair in wanted)]
        stack = np.stack(
            [coarsen(aligned[slug], chosen[slug].groups, groups) for slug in needed], axis=1
        )
        places = np.array([[needed.index(a), needed.index(b)] for a, b in wanted])
        signed = tuple(chosen[slug].is_signed for slug in needed)
        results = compare(stack, places, signed)
        for row, (a, b) in enumerate(wanted):
            values = {slug: results[slug][row] for slug in CATALOGUE}
            found[a, b] = Pair(a, b, samples, values)
    return [found[a, b] for i, a in enumerate(slugs) for b in slugs[i + 1 :]]


def _random_order(
    methods: Mapping[str, Ranked], aligned: Mapping[str, Floats], samples: Integers, seed: int
) -> Mapping[int, Floats]:
    """Return a random explanation of each sample, by number of units."""
    draw = np.random.default_rng([seed, 1])
    widths = sorted({len(ranked.names) for ranked in methods.values()})
    found = {width: draw.standard_normal((len(samples), width)) for width in widths}
    for slug, ranked in methods.items():
        if ranked.family == CONTROL and ranked.is_signed and ranked.members is None:
            found[len(ranked.names)] = aligned[slug]
    return found


def _against_random(
    chosen: Mapping[str, Ranked],
    aligned: Mapping[str, Floats],
    random: Mapping[int, Floats],
    samples: Integers,
) -> list[Pair]:
    found = []
    for slug, ranked in chosen.items():
        values = _compare_two(random[len(ranked.names)], aligned[slug], is_signed=ranked.is_signed)
        found.append(Pair(RANDOM, slug, samples, values))
    return found


def _with_itself(
    chosen: Mapping[str, Ranked],
    methods: Mapping[str, Ranked],
    aligned: Mapping[str, Floats],
    samples: Integers,
) -> list[Pair]:
    found = []
    for slug, ranked in chosen.items():
        other = methods.get(SELF + slug)
        if not ranked.is_stochastic:
            values = _compare_two(aligned[slug], aligned[slug], is_signed=ranked.is_signed)
            found.append(Pair(slug, SELF + slug, samples, values, is_deterministic=True))
        elif other is not None:
            again = aligned[SELF + slug]
            kept = np.ones(len(samples), dtype=bool)
            if other.samples is not None:
                kept = np.isin(samples, other.samples)
            values = _compare_two(
                aligned[slug][kept], coarsen(again[kept], other.groups, ranked.groups),
                is_signed=ranked.is_signed,
            )  # fmt: skip
            found.append(Pair(slug, SELF + slug, samples[kept], values))
    return found


def _compare_two(first: Floats, second: Floats, *, is_signed: bool) -> dict[str, Floats]:
    stack = np.stack([first, second], axis=1)
    found = compare(stack, np.array([[0, 1]]), (True, is_signed))
    return {slug: values[0] for slug, values in found.items()}


def intervals(found: Agreement) -> dict[tuple[str, str, str], tuple[float, float, float]]:
    """Return mean, low and high of every measure and pair; equal samples are resampled alike."""
    by_samples: dict[bytes, list[tuple[tuple[str, str, str], Floats]]] = {}
    for pair in found.pairs:
        rows = by_samples.setdefault(pair.samples.tobytes(), [])
        rows += [((slug, pair.a, pair.b), values) for slug, values in pair.values.items()]
    results = {}
    for rows in by_samples.values():
        mean, low, high = mean_interval(np.array([values for _key, values in rows]), found.seed)
        results.update({key: (mean[i], low[i], high[i]) for i, (key, _values) in enumerate(rows)})
    return results
