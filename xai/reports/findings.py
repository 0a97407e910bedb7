"""Sentences about what was found: reliance, agreement, performance, failures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from xai.evaluation.agreement import CONTROL, RANDOM, SELF
from xai.reports import performance as measured
from xai.reports.method import MethodResult
from xai.reports.nouns import Nouns, nouns
from xai.reports.phrasing import between, counted, listed, named, number, percent, share, two
from xai.reports.results import ImportanceRow, Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Json

TOP = 3
WEAK = 0.01
"""Share of all attribution below which a feature counts as hardly used."""

OUTPUT = {
    "margin": "the log-odds",
    "probability": "the probability",
    "logit": "the logit",
    "value": "the predicted value",
}

ALIKE = (
    (0.8, "in nearly the same order"),
    (0.5, "in a similar order"),
    (0.2, "in a loosely similar order"),
    (-1.0, "in hardly related orders"),
)


def voters(results: Results) -> list[MethodResult]:
    """Return the methods that explain single rows, the control left out."""
    return [method for method in results.local_methods() if method.family != CONTROL]


def leading(results: Results) -> MethodResult | None:
    """Return the method whose numbers are quoted: Shapley values if they are there."""
    found = voters(results)
    return next((method for method in found if method.slug == "shapley"), next(iter(found), None))


def reliance(results: Results) -> list[Sentence]:
    """Say which features the model relies on, by values and by consensus, and which it does not."""
    method = leading(results)
    if method is None or not len(method.samples):
        return []
    row = next(row for row in results.importance if row.method == method.slug)
    total = float(row.values.sum())
    if not total > 0:
        text = (
            f"{method.title} are 0 for every feature on all "
            f"{counted(len(method.samples), 'row')}: the output does not move."
        )
        return [Sentence(text, "global", "#importance", "warn", "relies")]
    return [*_strongest(row, method, total), *_by_consensus(results), *_weakest(row, total)]


def _strongest(row: ImportanceRow, method: MethodResult, total: float) -> list[Sentence]:
    order = np.argsort(-row.values, kind="stable")[:TOP]
    first, rest = order[0], order[1:]
    bounds = between(row.low[first], row.high[first]) if row.low is not None and (
        row.high is not None
    ) else between(None, None)  # fmt: skip
    text = (
        f"By {method.title}, the model relies most on {named(row.names[first])}: it moves "
        f"{OUTPUT.get(row.unit, 'the output')} by {number(row.values[first])} on average ({bounds})"
    )
    if len(rest):
        text += "; then " + listed(
            [f"{named(row.names[unit])} ({number(row.values[unit])})" for unit in rest]
        )
    held = float(row.values[order].sum()) / total
    text += (
        f". {_these(len(order), len(row.names))} {percent(held)} of all attribution "
        f"over {counted(len(method.samples), 'row')}."
    )
    return [Sentence(text, "global", "#importance", topic="relies")]


def _these(shown: int, of: int) -> str:
    if shown == of:
        return "All the attribution there is:" if of == 1 else f"These are all {of} of them, with"
    return f"These {shown} of {of} hold"


def _by_consensus(results: Results) -> list[Sentence]:
    found = results.agreement
    if not found or len(found["w"]["methods"]) < 2 or not found["consensus"]:
        return []
    units = len(found["units"])
    top = [row for row in found["consensus"][:TOP] if row["points"] is not None]
    if not top:
        return []
    titles = listed([results.title(slug) for slug in found["w"]["methods"]])
    places = listed([f"{named(row['name'])} ({units - row['points']:.1f})" for row in top])
    text = (
        f"Taken together, {titles} put {places} first: the numbers are mean places, of {units}, "
        "where methods of one family share one vote."
    )
    return [Sentence(text, "global", "#bump", topic="relies")]


def _weakest(row: ImportanceRow, total: float) -> list[Sentence]:
    shares = row.values / total
    weak = [row.names[unit] for unit in np.argsort(shares, kind="stable") if shares[unit] < WEAK]
    if weak:
        names = listed([named(name) for name in weak])
        text = (
            f"{counted(len(weak), 'feature')} of {len(row.names)} "
            f"{'holds' if len(weak) == 1 else 'hold'} less than {percent(WEAK)} of the "
            f"attribution{'' if len(weak) == 1 else ' each'}: {names}."
        )
    elif len(row.names) > TOP:
        last = int(np.argmin(shares))
        text = (
            f"The weakest of the {len(row.names)} features is {named(row.names[last])}, "
            f"with {percent(float(shares[last]))} of the attribution."
        )
    else:
        return []
    return [Sentence(text, "global", "#importance", topic="relies")]


def agreement(results: Results) -> list[Sentence]:
    """Say how alike the orders of the methods are, beside chance and beside another seed."""
    found = results.agreement
    if not found:
        return []
    kendall = [pair for pair in found["pairs"] if pair["measure"] == found["default"]]
    words = nouns(results.kind)
    said = [*_on_the_whole(found, kendall, words), *_closest_and_farthest(results, kendall)]
    said += _beyond_chance(found, words) + _with_another_seed(results, kendall)
    return said + _most_disputed(found, words)


def _on_the_whole(found: Mapping[str, Json], kendall: list[Json], words: Nouns) -> list[Sentence]:
    tau, chance = found["tau"], [p for p in kendall if p["a"] == RANDOM and p["mean"] is not None]
    if tau["mean"] is None or not chance:
        return []
    mean, low, high = tau["mean"], tau["low"], tau["high"]
    expected = float(np.mean([pair["mean"] for pair in chance]))
    bounds = [pair["high"] for pair in chance if pair["high"] is not None]
    reaches = max(bounds, default=expected)
    pairs = len(found["methods"]) * (len(found["methods"]) - 1) // 2
    alike = next(how for least, how in ALIKE if mean >= least)
    is_above = low is not None and low > reaches
    text = (
        f"On single {words.rows} the {len(found['methods'])} methods put the {words.units} "
        f"{alike}: mean Kendall τ-b {two(mean)} ({between(low, high, 'two')}) over "
        f"{counted(tau['samples'], words.row)} and {counted(pairs, 'pair')} of methods. "
        f"A random order reaches {two(expected)} (at most {two(reaches)} within its intervals)"
    )
    text += "." if is_above else ": here the methods are not clearly more alike than chance."
    return [Sentence(text, "agreement", "#matrix", "" if is_above else "warn", "agreement")]


def _beyond_chance(found: Mapping[str, Json], words: Nouns) -> list[Sentence]:
    """Say on how many single rows all methods together are more alike than chance."""
    beyond, tested = found["w"].get("beyond"), found["w"].get("tested")
    if beyond is None or not tested:
        return []
    text = (
        f"On {share(beyond, tested)} single {words.rows} all {len(found['w']['methods'])} methods "
        "together are more alike than unrelated orders (Kendall's W, p of at most 0.05 each; by "
        f"chance alone about {round(0.05 * tested, 1):g} would be)."
    )
    return [Sentence(text, "agreement", "#w", topic="agreement")]


def _closest_and_farthest(results: Results, kendall: list[Json]) -> list[Sentence]:
    between_methods = [
        pair for pair in kendall
        if pair["a"] != RANDOM and not pair["b"].startswith(SELF) and pair["mean"] is not None
    ]  # fmt: skip
    if len(between_methods) < 2:
        return []
    # Two methods of one family are close by their making; they are named only if no others are.
    family = {method.slug: method.family for method in results.methods}
    apart = [pair for pair in between_methods if family[pair["a"]] != family[pair["b"]]]
    if len(apart) > 1:
        between_methods = apart
    ordered = sorted(between_methods, key=lambda pair: -float(pair["mean"]))
    closest, farthest = (
        f"{results.title(pair['a'])} and {results.title(pair['b'])} (τ {two(pair['mean'])})"
        for pair in (ordered[0], ordered[-1])
    )
    text = f"Closest to each other are {closest}, farthest apart {farthest}."
    return [Sentence(text, "agreement", "#matrix", topic="agreement")]


def _with_another_seed(results: Results, kendall: list[Json]) -> list[Sentence]:
    said = []
    for pair in kendall:
        if not pair["b"].startswith(SELF) or pair["deterministic"] or pair["mean"] is None:
            continue
        text = (
            f"{results.title(pair['a'])} run again with another seed: the two orders agree at "
            f"τ {two(pair['mean'])} ({between(pair['low'], pair['high'], 'two')}, "
            f"{counted(pair['samples'], nouns(results.kind).row)})"
        )
        is_steady = pair["mean"] >= ALIKE[0][0]
        text += "." if is_steady else ": part of how it differs from others is its own noise."
        said.append(
            Sentence(text, "agreement", "#matrix", "" if is_steady else "warn", "agreement")
        )
    return said


def _most_disputed(found: Mapping[str, Json], words: Nouns) -> list[Sentence]:
    known = [row for row in found["samples"] if row["w"] is not None]
    if not known:
        return []
    row, voting = known[0], len(found["w"]["methods"])
    places = row["places"]
    text = (
        f"The methods differ most on {words.row} {row['sample']}: Kendall's W is {two(row['w'])} "
        f"(1 is full agreement, unrelated orders of {voting} methods give about {two(1 / voting)})"
    )
    if places[0] is not None and places[1] > places[0]:
        text += (
            f", and {named(row['unit'])} stands at place {places[0]:g} for one method "
            f"and at place {places[1]:g} for another"
        )
    query = f"?sample={row['sample']}&by=dispute"
    return [Sentence(f"{text}.", "compare", query, topic="agreement")]


def performance(results: Results) -> list[Sentence]:
    """Say how often the model is right on the explained rows, or that nobody knows."""
    if "predictions" not in results.folders:
        return []
    said = _error(results) if results.problem == "regression" else _accuracy(results)
    if said is None:
        rows = counted(len(results.predictions.samples), f"explained {nouns(results.kind).row}")
        text = f"No label is known for the {rows}, so how right the model is there is not known."
        said = Sentence(text, "compare", topic="performance")
    return [said]


def _accuracy(results: Results) -> Sentence | None:
    found = measured.accuracy(results)
    if found is None:
        return None
    is_better = found.low > found.commonest
    rows = counted(found.labelled, nouns(results.kind).row)
    text = (
        f"The model is right on {percent(found.share)} of the {rows} with a label "
        f"({between(found.low, found.high, 'percent')}). Always answering "
        f"{named(found.commonest_name)} would be right on {percent(found.commonest)}"
    )
    text += "." if is_better else ", which is not below that interval."
    return Sentence(text, "compare", "", "" if is_better else "warn", "performance")


def _error(results: Results) -> Sentence | None:
    found = measured.fit(results)
    if found is None:
        return None
    text = (
        f"On the {counted(found.labelled, 'row')} with a label the model is off by "
        f"{number(found.error)} on average (mean absolute error); always answering the median "
        f"would be off by {number(found.error_of_median)}"
    )
    text += "." if found.r2 is None else f". R² is {two(found.r2)}."
    is_better = found.error < found.error_of_median
    return Sentence(text, "compare", "", "" if is_better else "warn", "performance")


def failures(results: Results) -> list[Sentence]:
    """Say which methods have no result, and why."""
    asked = len(results.failed) + len(results.methods)
    return [
        Sentence(
            f"{results.title(slug)}, one of {counted(asked, 'method')} asked for, has no result: "
            f"{why}",
            "run", "", "bad", "failed",
        )
        for slug, why in results.failed.items()
    ]  # fmt: skip
