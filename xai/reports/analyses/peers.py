"""Interpretable peers: in sentences, figures and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xai.figures import ranges
from xai.figures.parts import number, plain, signed
from xai.figures.ranges import Series
from xai.reports.analyses.scored import Found, interval, low, points, scale, score, table, unit
from xai.reports.markup import Html, join, tag
from xai.reports.phrasing import counted, listed, named, percent
from xai.reports.results import Results
from xai.reports.sentence import Sentence

PAGE = "simpler"
TERMS = 20


def said(found: Found, _results: Results) -> list[Sentence]:
    """Say how good and how like the peers are, and what the selection takes."""
    return [_tree(found), _linear(found), *_selection(found), _caution(found)]


def _tree(found: Found) -> Sentence:
    tree = found["tree"]
    tests = [node["name"] for node in tree["nodes"] if "name" in node]
    names = listed([named(name) for name in dict.fromkeys(tests)]) if tests else "nothing"
    text = (
        f"A tree of depth {tree['depth']}, fitted here to the same labels, {_reach(tree, found)}. "
        f"It asks for {names} in {counted(len(tests), 'split')}."
    )
    return Sentence(text, PAGE, "#tree", topic="simpler")


def _linear(found: Found) -> Sentence:
    linear = found["linear"]
    kept = list(dict.fromkeys(term["name"] for term in linear["terms"]))
    of, first = len(found["features"]), linear["terms"][:3]
    text = f"A sparse linear model {_reach(linear, found)}, with {len(kept)} of {of} features"
    if first:
        strongest = [f"{named(_term(term))} ({signed(term['weight'])})" for term in first]
        text += f"; the strongest are {listed(strongest)}"
    return Sentence(f"{text}.", PAGE, "#terms", topic="simpler")


def _reach(peer: Mapping[str, Any], found: Found) -> str:
    like = peer["like"]
    reached = f"reaches {score(peer['mean'], found)} on rows that it did not see"
    reached += f" ({interval(peer, found)}; the uploaded model {score(found['own']['mean'], found)}"
    if found["score"] == "accuracy":
        return f"{reached}) and answers like the uploaded model on {percent(like['mean'])} of them"
    return f"{reached}) and predicts the uploaded model's values with {score(like['mean'], found)}"


def _selection(found: Found) -> list[Sentence]:
    chosen = found["selection"]
    steps = chosen["steps"]
    if not steps:
        return []
    last, whole = steps[-1], chosen["all"]
    gap = whole["mean"] - last["mean"]
    where = "below" if gap >= 0 else "above"
    text = (
        f"Forward selection on a peer ({low(chosen['peer'])}: the uploaded model cannot be fitted "
        f"again) takes {listed([named(step['name']) for step in steps])}: with "
        f"{len(steps)} of {chosen['of']} features the peer reaches {score(last['mean'], found)}, "
        f"{points(abs(gap), found)} {unit(found)} {where} what it reaches with all of them "
        f"(standard error {points(whole['error'], found)})."
    )
    return [Sentence(text, PAGE, "#selection", topic="simpler")]


def _caution(found: Found) -> Sentence:
    text = (
        f"The peers and the selection explain {counted(found['rows'], 'labelled row')} and their "
        "own learners, not the uploaded model: another model may use the data otherwise."
    )
    return Sentence(text, PAGE, "#peers")


def _term(term: Mapping[str, Any]) -> str:
    return f"{term['name']} = {term['category']}" if "category" in term else str(term["name"])


def lines_of(found: Found) -> list[dict[str, Any]]:
    """Return the tree as lines, each below the test it hangs on: depth, test, rows, answer."""
    nodes = found["tree"]["nodes"]
    lines: list[dict[str, Any]] = []

    def below(at: int, depth: int) -> None:
        node = nodes[at]
        if "left" not in node:
            return
        for side, words in zip(("left", "right"), _tests(node), strict=True):
            child = nodes[node[side]]
            answer = None if "left" in child else _answer(child, found)
            lines.append(
                {"depth": depth, "test": plain(words), "rows": child["rows"], "answer": answer}
            )
            below(node[side], depth + 1)

    below(0, 0)
    return lines


def _tests(node: Mapping[str, Any]) -> tuple[str, str]:
    if "category" in node:
        return f"{node['name']} is not {node['category']}", f"{node['name']} is {node['category']}"
    edge = number(node["threshold"], 4)
    return f"{node['name']} ≤ {edge}", f"{node['name']} > {edge}"


def _answer(node: Mapping[str, Any], found: Found) -> str:
    if isinstance(node["value"], list):
        best = int(np.argmax(node["value"]))
        return f"{plain(str(found['classes'][best]))}, {percent(node['value'][best])}"
    return number(node["value"])


def draw_terms(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw the weights of the sparse linear model."""
    terms = found["linear"]["terms"][:TERMS]
    several = len({term["class"] for term in terms}) > 1
    names = [
        f"{_term(term)}{' → ' + str(found['classes'][term['class']]) if several else ''}"
        for term in terms
    ]
    weights = Series("Weight", "accent", np.array([term["weight"] for term in terms]))
    what = "weight per standard deviation"
    if found["score"] == "accuracy" and not several:
        what = f"log-odds of {found['classes'][1]} per standard deviation"
    return ranges.draw(names, [weights], plain(what), _linear(found).text, marks=[0])


def draw_selection(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw the score of the peer with each feature more."""
    chosen = found["selection"]
    rows = [*chosen["steps"], chosen["all"]]
    names = [f"{at + 1}. {step['name']}" for at, step in enumerate(chosen["steps"])]
    names.append(f"all {chosen['of']} features")
    means = np.array([row["mean"] for row in rows]) * scale(found)
    errors = np.array([row["error"] for row in rows]) * scale(found)
    series = Series("Score, one standard error", "accent", means, means - errors, means + errors)
    unit_of = "% right" if found["score"] == "accuracy" else "R²"
    finding = " ".join(one.text for one in _selection(found)) or "No feature helps."
    return ranges.draw(names, [series], f"{unit_of} over {found['folds']} folds", finding)


FIGURES = {"terms": draw_terms, "selection": draw_selection}


def shown(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Return the lines of the tree, for the page."""
    return {"lines": lines_of(found), "terms_most": TERMS}


def written(found: Found, _results: Results) -> Html:
    """Return the section of the report."""
    lines: list[list[str | Html]] = [
        ["\u2003" * line["depth"] + line["test"], f"{line['rows']:,}", line["answer"] or "↓"]
        for line in lines_of(found)
    ]
    terms: list[list[str | Html]] = [
        [plain(_term(term)), signed(term["weight"])] for term in found["linear"]["terms"][:TERMS]
    ]
    steps: list[list[str | Html]] = [
        [f"{at + 1}. {plain(step['name'])}", score(step["mean"], found)]
        for at, step in enumerate(found["selection"]["steps"])
    ]
    steps.append([f"all {found['selection']['of']} features",
                  score(found["selection"]["all"]["mean"], found)])  # fmt: skip
    return join(
        tag("h3", "Interpretable peers: a small tree"),
        table("Tree", ("Test", "Rows", "Answer"), lines),
        tag("h3", "A sparse linear model"),
        table("Weights", ("Term", "Weight per standard deviation"), terms),
        tag("h3", f"Forward selection on a peer: {low(found['selection']['peer'])}"),
        table("Selection", ("Features up to", "Score"), steps),
    )
