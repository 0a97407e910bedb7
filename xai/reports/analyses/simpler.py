"""Would a simpler model do: in sentences, figures and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xai.analyses.names import title as title_of
from xai.figures import ranges
from xai.figures.ranges import Series
from xai.reports.analyses.scored import Found, interval, low, points, score, table, unit
from xai.reports.markup import Html, join, name, tag
from xai.reports.phrasing import counted, listed, named, number, percent
from xai.reports.results import Results
from xai.reports.sentence import Sentence, Tone

PAGE = "simpler"


def said(found: Found, _results: Results) -> list[Sentence]:
    """Say whether a simpler model would do, how far equal models differ, what not to conclude."""
    return [
        _answer(found),
        *_against_own(found),
        *_multiplicity(found),
        *_reliance(found),
    ]


def learner(found: Found, slug: str) -> dict[str, Any]:
    """Return the line of a learner."""
    return next(dict(one) for one in found["learners"] if one["slug"] == slug)


def _answer(found: Found) -> Sentence:
    simple, best = learner(found, found["simple"]), learner(found, found["best"])
    apart, near = found["difference"], len(found["near"])
    reached = f"{score(simple['mean'], found)} ({interval(simple, found)})"
    if simple["slug"] == best["slug"]:
        text = (
            f"A simpler model would do on these data: {low(simple['title'])}, which a person can "
            f"read whole, is the best of the five learners fitted here with {reached}."
        )
    else:
        begin = {True: "A simpler model would do on these data", False: _DOUBT[found["verdict"]]}
        text = (
            f"{begin[simple['is_near']]}: {low(simple['title'])}, the best of the simple ones, "
            f"reaches {reached}, {low(best['title'])}, the best of all five, "
            f"{score(best['mean'], found)}; {points(apart['value'], found)} {unit(found)} apart "
            f"(95 % interval {points(apart['low'], found)} to {points(apart['high'], found)})."
        )
    text += (
        f" {near} of {len(found['learners'])} learners are within "
        f"{points(found['tolerance'], found)} {unit(found)} of the best; from the best to the last "
        f"it is {points(found['spread'], found)}"
    )
    text += ", so the data hardly tell learners apart." if found["verdict"] == "likely" else "."
    tone: Tone = "" if simple["is_near"] else "warn"
    return Sentence(text, PAGE, "#learners", tone, "simpler")


_DOUBT = {
    "likely": "A simpler model may do on these data",
    "unlikely": "A simpler model would hardly do on these data",
    "unclear": "Whether a simpler model would do on these data is not clear",
}


def _against_own(found: Found) -> list[Sentence]:
    own, simple = found["own"], learner(found, found["simple"])
    gains = own["simple_gains"]
    text = (
        f"The uploaded model itself has {score(own['mean'], found)} on the same "
        f"{counted(found['rows'], 'row')} ({interval(own, found)}), not refitted: if it learnt "
        f"from these rows, that flatters it. {simple['title']} is "
        f"{points(abs(gains['value']), found)} {unit(found)} "
        f"{'above' if gains['value'] >= 0 else 'below'} it (difference, 95 % interval "
        f"{points(gains['low'], found)} to {points(gains['high'], found)})."
    )
    return [Sentence(text, PAGE, "#learners", topic="simpler")]


def _multiplicity(found: Found) -> list[Sentence]:
    many = found["multiplicity"]
    members = f"{many['members']} fits of learners that come equally near the best"
    if "ambiguity" not in many:
        text = (
            f"{members} differ by {number(many['range'])} in what they predict for a row, on "
            f"average over {counted(many['rows'], 'held-out row')}."
        )
        return [Sentence(text, PAGE, "#equal", topic="simpler")]
    text = (
        f"{members} contradict one another on {percent(many['ambiguity'])} of "
        f"{counted(many['rows'], 'held-out row')}: there the answer depends on which of them was "
        f"taken. A single one of them differs on up to {percent(many['discrepancy'])}, the "
        f"uploaded model on {percent(many['differs'])}."
    )
    return [Sentence(text, PAGE, "#equal", topic="simpler")]


def _reliance(found: Found) -> list[Sentence]:
    rows = found["reliance"]
    needed = [row for row in rows if row["least"] > 0]
    if needed:
        names = listed([f"{named(row['name'])} ({points(row['least'], found)} at least)"
                        for row in needed[:3]])  # fmt: skip
        text = (
            f"All of these fits rely on {names}, in {unit(found)} lost when the column is shuffled."
        )
    else:
        top = rows[0]
        text = (
            f"No feature is needed by all of these fits: even {named(top['name'])}, the strongest "
            f"by the median ({points(top['middle'], found)} {unit(found)} lost when shuffled), "
            f"ranges from {points(top['least'], found)} to {points(top['most'], found)}."
        )
    return [Sentence(text, PAGE, "#reliance", topic="simpler")]


def draw_learners(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw the scores of the five learners and of the uploaded model."""
    rows = sorted(found["learners"], key=lambda one: -float(one["mean"]))
    names = [*(one["title"] for one in rows), "Uploaded model, not refitted"]
    scale = 100 if found["score"] == "accuracy" else 1
    count = len(rows)

    def series(title: str, role: str, symbol: int, keep: list[bool]) -> Series:
        lines = [*rows, found["own"]]
        kept = np.array(keep)
        values, low, high = (
            np.where(kept, [float(one[end]) * scale for one in lines], np.nan)
            for end in ("mean", "low", "high")
        )
        return Series(title, role, values, low, high, symbol=symbol)

    near = [bool(one["is_near"]) for one in rows]
    parts = [
        series("Near the best", "accent", 0, [*near, False]),
        series("Further off", "muted", 1, [*(not one for one in near), False]),
        series("Uploaded", "ink", 2, [False] * count + [True]),
    ]
    # One line per name: the series share it, for no name has two of them.
    best = scale * (float(rows[0]["mean"]) - float(found["tolerance"]))
    axis = "% right on held-out halves" if scale == 100 else "R² on held-out halves"
    return ranges.draw(names, parts, axis, _answer(found).text, marks=[best], shared=True)


def draw_reliance(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw how far equal models differ in what they rely on, and where the upload stands."""
    rows = found["reliance"][:20]
    scale = 100 if found["score"] == "accuracy" else 1

    def of(name: str) -> np.ndarray:
        return np.array([float(row[name]) * scale for row in rows])

    members = found["multiplicity"]["members"]
    fits = Series(
        f"{members} fits: median, middle half, least and most", "accent",
        of("middle"), of("least"), of("most"), of("low"), of("high"),
    )  # fmt: skip
    own = Series("Uploaded model", "ink", of("own"), symbol=1)
    names = [str(row["name"]) for row in rows]
    finding = " ".join(one.text for one in _reliance(found))
    what = f"{unit(found)} lost when the column is shuffled"
    return ranges.draw(names, [fits, own], what, finding, marks=[0], shared=True)


FIGURES = {"learners": draw_learners, "reliance": draw_reliance}


def shown(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Return the numbers of the page: how far equally good models differ."""
    many = found["multiplicity"]
    facts = [
        ("Fits compared", f"{many['members']:,}", "of the learners near the best, on resampled "
         f"rows; asked about {many['rows']} rows that none of them saw"),
    ]  # fmt: skip
    if "ambiguity" in many:
        facts += [
            ("Ambiguity", percent(many["ambiguity"]),
             f"of the rows, on which any of them differs from {low(reference(found))}"),
            ("Discrepancy", percent(many["discrepancy"]), "of the rows, for the one that differs "
             "most"),
            ("Uploaded model", percent(many["differs"]), "of the rows on which it differs from "
             f"{low(reference(found))}"),
        ]  # fmt: skip
    if "range" in many:
        what = "between the least and the largest prediction of a row, on average"
        if "ambiguity" in many:
            what = (
                f"between the least and the largest probability that {many['with_probabilities']} "
            )
            what += "of them give a row, on average"
        facts.append(("Viable range", number(many["range"]), what))
    if "capacity" in many:
        facts.append(
            ("Rashomon capacity", f"{many['capacity']:.2f}", "answers in effect, on average: 1 is "
             f"one answer; at most {many['capacity_most']:.2f} on a row")
        )  # fmt: skip
    names = ("title", "value", "meaning")
    return {"facts": [dict(zip(names, one, strict=True)) for one in facts]}


def written(found: Found, _results: Results) -> Html:
    """Return the section of the report."""
    own = found["own"]
    heads = ("Learner", "Score on held-out halves", "Near the best", "Can be read whole")
    lines: list[list[str | Html]] = [
        [
            one["title"],
            f"{score(one['mean'], found)} ({interval(one, found)})",
            "yes" if one["is_near"] else "no",
            "yes" if one["is_simple"] else "no",
        ]
        for one in found["learners"]
    ]
    reached = f"{score(own['mean'], found)} ({interval(own, found)})"
    lines.append(["Uploaded model, not refitted", reached, "–", "–"])
    below: list[list[str | Html]] = [
        [name(row["name"]), *(points(row[k], found) for k in ("least", "middle", "most", "own"))]
        for row in found["reliance"][:20]
    ]
    what = (
        f"{unit(found).capitalize()} lost on held-out rows when a column is shuffled, over "
        f"{found['multiplicity']['members']} fits of the learners near the best."
    )
    return join(
        tag("p", _method(found), class_="quiet"),
        table("Learners", heads, lines),
        tag("h3", "What nearly equal models rely on"),
        tag("p", what, class_="quiet"),
        table("Reliance", ("Feature", "Least", "Median", "Most", "Uploaded model"), below),
    )


def _method(found: Found) -> str:
    return (
        f"Five learners with their usual settings, on the same {found['splits']} splits into "
        f"halves of {counted(found['rows'], 'labelled row')}. The intervals are over the rows. "
        "Near: within one standard error of the best mean, 0.01 at least. The uploaded model is "
        "never refitted."
    )


def reference(found: Found) -> str:
    """Return the name of the fit that the others are compared with."""
    is_class = found["problem"] == "classification"
    return title_of(found["multiplicity"]["reference"], is_classification=is_class)
