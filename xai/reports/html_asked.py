"""The report's first page: what was asked, of which model, about which rows, by which methods."""

from __future__ import annotations

from xai.figures.parts import number
from xai.methods.catalogue import GENERATION
from xai.reports import manifest
from xai.reports.findings import OUTPUT
from xai.reports.html_facts import count_of, terms
from xai.reports.html_lanes import method_name
from xai.reports.markup import Html, join, tag
from xai.reports.phrasing import counted
from xai.reports.results import Results


def asked(results: Results) -> Html:
    """Return the question in a sentence, the choices behind it, and the methods with their size."""
    known = results.manifest
    rows = len(results.predictions.samples) if "predictions" in results.folders else 0
    recipe = known.get("recipe") or {}
    unit = "tokens" if results.kind == GENERATION else "rows"
    question = join(
        f"What moved {OUTPUT.get(results.unit, results.unit or 'the output')} of ",
        tag("bdi", str(known.get("model", {}).get("name", "the model"))),
        f" on {counted(rows, 'row')} of ",
        tag("bdi", str(known.get("dataset", {}).get("name", "the data"))),
        f", according to {counted(len(manifest.methods(results)), 'method')}?",
    )
    return join(
        tag("p", question, class_="lead"),
        terms(
            [
                ("Rows explained", known.get("rows")),
                ("Target", known.get("target") if unit == "rows" else "every written token"),
                ("Label column", known.get("label") or "none"),
                ("Text column", recipe.get("text")),
                ("Second text column", recipe.get("pair")),
                ("Continuation", recipe.get("continuation") or _written(recipe)),
                ("Explained output", OUTPUT.get(results.unit, results.unit)),
                ("Background rows", count_of(known.get("background"))),
                ("Seed", known.get("seed")),
                ("Isolation of the model", known.get("isolation")),
                ("Methods", _methods(results)),
            ]
        ),
    )


def _written(recipe: dict[str, object]) -> str:
    tokens = recipe.get("tokens")
    if not tokens:
        return ""
    drawn = recipe.get("temperature")
    how = f"drawn at temperature {number(float(str(drawn)))}" if drawn else "the likeliest"
    return f"{tokens} tokens written by the model, {how}"


def _methods(results: Results) -> Html:
    return tag(
        "span",
        [
            join(method_name(entry["name"], entry["title"]), Html(" "))
            for entry in manifest.methods(results)
        ],
        class_="methods",
    )
