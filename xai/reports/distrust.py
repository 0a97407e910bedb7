"""Sentences about which methods to distrust here, and why: each with the number that says so."""

from __future__ import annotations

from collections.abc import Mapping

from xai.evaluation.agreement import CONTROL, SELF
from xai.evaluation.faithfulness.catalogue import DEFAULT, RANDOM
from xai.methods import catalogue
from xai.reports.nouns import nouns
from xai.reports.phrasing import between, counted, listed, two
from xai.reports.results import Results
from xai.reports.sentence import Sentence, Tone
from xai.vocabulary import Json

PAGE = "faithfulness"
ALIKE_MOST = 0.5
"""Likeness after randomisation above which an explanation does not depend on the model."""
NOISE_LEAST = 0.5
"""Agreement with another seed below which most of an order is noise."""


def distrust(results: Results) -> list[Sentence]:
    """Name the methods that a check speaks against, the gravest first."""
    return [
        *_worse_than_chance(results), *_randomisation(results), *_of_no_class(results),
        *_noisy(results),
    ]  # fmt: skip


def _said(text: str, tone: Tone, query: str, page: str = PAGE) -> Sentence:
    return Sentence(text, page, query, tone, "distrust")


def _worse_than_chance(results: Results) -> list[Sentence]:
    """Name those that are nowhere better than a random order, or robustly worse."""
    found = results.faithfulness
    if not found or found["samples"] < found["samples_least"]:
        return []
    count = len(found["baselines"])
    against = {r["a"]: r for r in found["robust"] if r["measure"] == DEFAULT and r["b"] == RANDOM}
    worse = [results.title(s) for s, r in against.items() if r["winner"] == RANDOM]
    never = [
        results.title(s)
        for s, r in against.items()
        if not r["better_under"][s] and r["winner"] != RANDOM
    ]
    said = []
    if worse:
        text = (
            f"Distrust {listed(worse)} here: significantly less faithful than a random order under "
            f"all {count} baselines."
        )
        said.append(_said(text, "bad", "#significance"))
    if never:
        text = (
            f"Distrust {listed(never)} here: under none of the {count} baselines shown to be more "
            "faithful than a random order."
        )
        said.append(_said(text, "warn", "#significance"))
    return said


def _randomisation(results: Results) -> list[Sentence]:
    """Say which explanations stay although the model has lost its knowledge."""
    rows = {
        row["method"]: row
        for row in (results.faithfulness or {}).get("league", ())
        if row["measure"] == "randomisation" and row["mean"] is not None
    }
    chance = rows.get(RANDOM)
    if chance is None:
        return []
    said, passed = [], []
    for slug in results.faithfulness["methods"] if results.faithfulness else ():
        row = rows.get(slug)
        if row is None:
            continue
        if row["low"] is None or row["low"] <= (chance["high"] or chance["mean"]):
            passed.append(f"{results.title(slug)} ({two(row['mean'])})")
            continue
        said.append(_kept(results, slug, row, chance))
    if passed:
        text = (
            "With new weights the model knows nothing, and the order of strength of "
            f"{listed(passed)} is then no more like the first one than two random orders are "
            f"({two(chance['mean'])}, {counted(chance['samples'], nouns(results.kind).row)}): "
            "as it should be."
        )
        said.append(Sentence(text, PAGE, "#league", topic="faithfulness"))
    return said


def _kept(
    results: Results, slug: str, row: Mapping[str, Json], chance: Mapping[str, Json]
) -> Sentence:
    fails = row["mean"] > ALIKE_MOST
    numbers = (
        f"Spearman's ρ {two(row['mean'])} ({between(row['low'], row['high'], 'two')}, "
        f"{counted(row['samples'], nouns(results.kind).row)}), two random orders "
        f"{two(chance['mean'])}"
    )
    text = (
        f"Distrust {results.title(slug)} here: it fails randomisation. With new weights the model "
        f"knows nothing, yet the order of strength stays alike: {numbers}."
        if fails
        else f"{results.title(slug)} keeps part of its order when the model has new weights and "
        f"knows nothing: {numbers}. That part comes from the input, not from the model."
    )
    return _said(text, "bad" if fails else "warn", "#league")


def _of_no_class(results: Results) -> list[Sentence]:
    """Name the methods that say the same whichever output is explained."""
    voting = [m for m in results.local_methods() if m.family != CONTROL]
    known = catalogue.of(results.kind)
    same = [m.title for m in voting if m.slug in known and not known[m.slug].is_class_specific]
    if not same:
        return []
    text = (
        f"{listed(same)} ({len(same)} of {counted(len(voting), 'method')}) "
        f"{'is' if len(same) == 1 else 'are'} not class-specific: the values would be the same "
        "whichever answer is explained, and none speaks for or against it."
    )
    return [_said(text, "warn", "", "compare")]


def _noisy(results: Results) -> list[Sentence]:
    """Name the methods whose order changes much with the seed."""
    found = results.agreement
    if not found:
        return []
    said = []
    for pair in found["pairs"]:
        is_itself = pair["measure"] == found["default"] and pair["b"] == SELF + pair["a"]
        if not is_itself or pair["deterministic"] or pair["mean"] is None:
            continue
        if pair["high"] is None or pair["high"] >= NOISE_LEAST:
            continue
        text = (
            f"{results.title(pair['a'])} is mostly noise here: run again with another seed, its "
            f"order agrees with itself at τ {two(pair['mean'])} only "
            f"({between(pair['low'], pair['high'], 'two')})."
        )
        said.append(_said(text, "warn", "#matrix", "agreement"))
    return said
