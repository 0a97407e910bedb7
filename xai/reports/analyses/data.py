"""Odd labels and near rows: in sentences, a table that leads to single rows, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xai.figures import ranges
from xai.figures.parts import number, plain, signed
from xai.figures.ranges import Series
from xai.reports.analyses.scored import table
from xai.reports.markup import Html, join, name, tag
from xai.reports.phrasing import counted, listed, named, percent, share
from xai.reports.results import Results
from xai.reports.sentence import Sentence

Found = Mapping[str, Any]
PAGE = "data"
SHOWN = 20
NAMED = 8
OWN_SPACE = "what the last layer reads"
SCORES = {
    "loss": ("Loss", "−log of the probability that the model gives the label"),
    "margin": ("Margin", "the label's probability minus the largest other; below 0 is wrong"),
    "el2n": ("EL2N", "length of the error vector, at most √2"),
    "grand": ("GraNd", "length of the gradient in the last layer"),
    "entropy": ("Entropy", "how undecided the answer is, whatever the label"),
}
SQUARED = ("Squared error", "the prediction minus the label, squared")


def said(found: Found, _results: Results) -> list[Sentence]:
    """Say which labels look odd, by which numbers, and what one model cannot tell."""
    if found["problem"] == "regression":
        return [_far(found), _caution(found)]
    return [_wrong(found), *_odd(found), *_leaning(found), _caution(found)]


def odd(found: Found) -> list[Mapping[str, Any]]:
    """Return the listed rows whose label neither the model nor most near rows bear out."""
    return [
        row
        for row in found["listed"]
        if row.get("like_predicted") is not None
        and row["predicted"] != row["label"]
        and row["like_predicted"] > found["voting"] / 2
    ]


def _wrong(found: Found) -> Sentence:
    top = found["listed"][0]
    text = (
        f"The model contradicts the label of {share(found['wrong'], found['rows'])} labelled rows. "
        f"Row {top['sample']} has the highest loss: labelled {named(top['label'])}, to which the "
        f"model gives {percent(top['of_label'])}; it says {named(top['predicted'])} "
        f"({percent(top['of_predicted'])})."
    )
    return Sentence(text, PAGE, "#hard", topic="data")


def _odd(found: Found) -> list[Sentence]:
    if found["space"] is None:
        return []
    rows = odd(found)
    if not rows:
        text = (
            f"No listed row is contradicted by both the model and most of its {found['voting']} "
            f"nearest rows (0 of {len(found['listed'])})."
        )
        return [Sentence(text, PAGE, "#hard", topic="data")]
    names = listed([str(row["sample"]) for row in rows], most=NAMED)
    text = (
        f"{counted(len(rows), 'row')} may carry a wrong label: the model says another class, and "
        f"so do the labels of most of the {found['voting']} nearest rows: "
        f"{'row' if len(rows) == 1 else 'rows'} {names}. "
    )
    text += (
        "Near here means near in what the model's last layer reads, which leans to the model's own "
        "view: it may as well be the model that errs."
        if found["has_last_layer"] and found["space"] == OWN_SPACE
        else f"Near by {found['space']}."
    )
    return [Sentence(text, PAGE, "#hard", "warn", "data")]


def _leaning(found: Found) -> list[Sentence]:
    top = next((row for row in found["listed"] if row.get("helpful")), None)
    if top is None:
        return []
    first, last = top["helpful"][0], top["harmful"][0]
    text = (
        f"If the last layer were refitted to these rows without row {first['sample']}, the loss of "
        f"row {top['sample']} would change by {signed(first['change'])}, without row "
        f"{last['sample']} by {signed(last['change'])} (influence function, to first order)."
    )
    return [Sentence(text, PAGE, f"?sample={top['sample']}#row", topic="data")]


def _far(found: Found) -> Sentence:
    top = found["listed"][0]
    text = (
        f"Of {counted(found['rows'], 'labelled row')}, row {top['sample']} is missed by most: "
        f"labelled {number(top['label'])}, predicted {number(top['predicted'])}."
    )
    return Sentence(text, PAGE, "#hard", topic="data")


def _caution(found: Found) -> Sentence:
    text = (
        f"One finished model cannot tell a hard row from a wrong label, nor what it learnt by "
        f"heart: a row of these {found['rows']:,} on which it was trained looks easy, whatever "
        "its label."
    )
    return Sentence(text, PAGE, "#hard")


def title_of(slug: str, found: Found) -> tuple[str, str]:
    """Return what a score is called, and what it is."""
    return SQUARED if found["problem"] == "regression" else SCORES[slug]


def ordered(found: Found, by: str) -> list[Mapping[str, Any]]:
    """Return the listed rows, the hardest by a score first."""
    turn = 1.0 if by == "margin" else -1.0
    return sorted(found["listed"], key=lambda row: turn * float(row["scores"][by]))


def draw_scores(found: Found, _results: Results, query: Mapping[str, str]) -> dict[str, Any]:
    """Draw one score of the hardest rows."""
    by = query.get("by") if query.get("by") in found["scores"] else "loss"
    rows = ordered(found, str(by))[:SHOWN]
    title, meaning = title_of(str(by), found)
    values = np.array([row["scores"][by] for row in rows], dtype=float)
    names = [f"row {row['sample']}: {row['label']}" for row in rows]
    finding = f"{title}: row {rows[0]['sample']} is the hardest, at {number(values[0])}."
    return ranges.draw(names, [Series(title, "accent", values)], meaning, finding, marks=[0])


FIGURES = {"scores": draw_scores}


def shown(found: Found, results: Results, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the table of hard rows, and the row that the address names."""
    by = str(query.get("by")) if query.get("by") in found["scores"] else "loss"
    rows = ordered(found, by)
    wanted = str(query.get("sample", ""))
    chosen = next((row for row in rows if str(row["sample"]) == wanted), rows[0])
    suspects = {row["sample"] for row in odd(found)}
    explained = {int(sample) for sample in results.predictions.samples}
    return {
        "by": by,
        "scores": [
            {"slug": slug, "title": title_of(slug, found)[0], "meaning": title_of(slug, found)[1]}
            for slug in found["scores"]
        ],
        "rows": [_line(row, suspects, chosen) for row in rows[: 2 * SHOWN]],
        "chosen": {
            **_line(chosen, suspects, chosen),
            "is_explained": chosen["sample"] in explained,
            "neighbours": [_near(one) for one in chosen["neighbours"]],
            "helpful": [_near(one) for one in chosen.get("helpful", [])],
            "harmful": [_near(one) for one in chosen.get("harmful", [])],
        },
    }


def _line(row: Mapping[str, Any], suspects: set[int], chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_words(row),
        "cells": [number(value) for value in row["scores"].values()],
        "is_odd": row["sample"] in suspects,
        "is_chosen": row["sample"] == chosen["sample"],
        "votes": row.get("like_label"),
    }


def _near(one: Mapping[str, Any]) -> dict[str, Any]:
    found = _words(one)
    if "distance" in one:
        found["amount"] = number(one["distance"])
    if "change" in one:
        found["amount"] = signed(one["change"])
    return found


def _words(row: Mapping[str, Any]) -> dict[str, Any]:
    if "of_label" not in row:
        words = {"label": number(row["label"]), "predicted": number(row["predicted"])}
    else:
        words = {
            "label": f"{plain(row['label'])}, {percent(row['of_label'])}",
            "predicted": f"{plain(row['predicted'])}, {percent(row['of_predicted'])}",
        }
    return {"sample": row["sample"], "title": plain(row["title"]), **words}


def written(found: Found, _results: Results) -> Html:
    """Return the section of the report."""
    heads = ["Row", "Label", "The model says"]
    heads += [title_of(slug, found)[0] for slug in found["scores"]]
    heads += ["Near rows with this label"]
    rows: list[list[str | Html]] = []
    for row in found["listed"][:SHOWN]:
        words = _words(row)
        first = join(str(row["sample"]), tag("small", " ", name(words["title"]))) if (
            words["title"]
        ) else str(row["sample"])  # fmt: skip
        votes = row.get("like_label")
        rows.append(
            [
                first,
                words["label"],
                words["predicted"],
                *(number(value) for value in row["scores"].values()),
                "–" if votes is None else f"{votes} of {found['voting']}",
            ]
        )
    intro = (
        f"The hardest of {counted(found['rows'], 'labelled row')}: possible errors of the labels, "
        "or rows that are simply hard."
    )
    return join(tag("p", intro, class_="quiet"), table("Hard rows", heads, rows))
