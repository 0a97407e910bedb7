"""The report's tables of faithfulness: the league, the decisions, the curves in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from xai.evaluation.agreement import SELF
from xai.figures.parts import number
from xai.reports import soft
from xai.reports.html_lanes import method_name, scroll
from xai.reports.markup import Html, join, tag
from xai.reports.phrasing import counted
from xai.reports.results import Results
from xai.vocabulary import Json

STEPS_SHOWN = (0.0, 0.1, 0.2, 0.5, 0.8, 1.0)


def faithfulness(results: Results) -> Html:
    """Return the league under the default baseline, the decisions, and the curves."""
    found = results.faithfulness
    if not found or not found["league"]:
        return Html()
    baseline = next(b for b in found["baselines"] if b["slug"] == found["baseline"])
    measure = next(m for m in found["measures"] if m["slug"] == found["default"])
    others = ", ".join(b["title"] for b in found["baselines"][1:])
    intro = (
        f"Units are taken away, the most important first, and the model is asked again. "
        f"{baseline['title']} stand in: {baseline['meaning']} Mean over "
        f"{counted(found['samples'], 'row')} with 95 % interval. Other baselines: {others}."
    )
    return join(
        tag("p", intro, class_="quiet"),
        _league(results, found),
        tag("h3", f"Which differences are more than chance, by {measure['title'].lower()}"),
        tag("p", _rule(found), class_="quiet"),
        _decisions(results, found),
        tag("h3", "The curves in numbers"),
        _curves(results, found),
        _softly(results),
    )


def _softly(results: Results) -> Html:
    """Return the table of soft faithfulness, where it was measured."""
    rows = soft.lines(results)
    if not rows:
        return Html()
    heads = [tag("th", m["title"], scope="col", class_="number") for m in soft.measures(results)]
    body = [
        tag(
            "tr",
            tag("th", method_name(row.slug, row.title), scope="row"),
            [
                tag("td", cell.ratio, tag("small", cell.interval) if cell.interval else None,
                    tag("small", f"{cell.failed} undefined") if cell.failed else None,
                    class_="number")
                for cell in row.cells
            ],
        )
        for row in rows
    ]  # fmt: skip
    head = tag("thead", tag("tr", tag("th", "Method", scope="col"), heads))
    return join(
        tag("h3", "Soft faithfulness, over random values"),
        tag("p", f"{soft.EXPLAINED} {soft.about(results)}", class_="quiet"),
        scroll("Soft faithfulness", tag("table", head, tag("tbody", body), class_="plain")),
    )


def _rule(found: Mapping[str, Json]) -> str:
    return (
        f"Better: paired Wilcoxon test significant at {100 * found['level']:g} % after correction "
        "over all pairs (Benjamini and Hochberg), BCa interval of the mean difference without 0, "
        "and more than what another seed changes; asked of at least "
        f"{found['samples_least']} rows. Robust: so under all {len(found['baselines'])} baselines."
    )


def _league(results: Results, found: Mapping[str, Json]) -> Html:
    rows = {
        (row["method"], row["measure"]): row
        for row in found["league"]
        if row["baseline"] == found["baseline"]
    }
    # On paper nothing can be scrolled: the further measures are on the page and in the bundle.
    known = {measure for _, measure in rows}
    measures = [
        m for m in found["measures"] if m["slug"] in known and m.get("role", "main") == "main"
    ]
    heads = [
        tag("th", m["title"], tag("small", f"{m['better']} is better"), scope="col",
            class_="number")
        for m in measures
    ]  # fmt: skip
    order = sorted(
        found["methods"],
        key=lambda s: -float((rows.get((s, found["default"])) or {"mean": 0})["mean"]),
    )
    references = sorted(found["references"], key=lambda slug: slug.startswith(SELF))
    body = [_line(results, slug, [rows.get((slug, m["slug"])) for m in measures]) for slug in order]
    under = [
        _line(results, slug, [rows.get((slug, m["slug"])) for m in measures]) for slug in references
    ]
    head = tag("thead", tag("tr", tag("th", "Method", scope="col"), heads))
    table = tag("table", head, tag("tbody", body), tag("tbody", under, class_="reference"),
                class_="plain")  # fmt: skip
    return scroll("Faithfulness", table)


def _line(results: Results, slug: str, cells: list[Mapping[str, Json] | None]) -> Html:
    return tag(
        "tr",
        tag("th", method_name(slug, results.contestant(slug)), scope="row"),
        [
            tag("td", "–", class_="number")
            if row is None
            else tag(
                "td",
                number(float(row["mean"])),
                tag("small", f"{number(row['low'])} to {number(row['high'])}")
                if row["low"] is not None and row["high"] is not None
                else None,
                class_="number",
            )
            for row in cells
        ],
    )


def _decisions(results: Results, found: Mapping[str, Json]) -> Html:
    robust = {(r["a"], r["b"]): r for r in found["robust"] if r["measure"] == found["default"]}
    pairs = [
        p for p in found["pairs"]
        if (p["measure"], p["baseline"]) == (found["default"], found["baseline"])
    ]  # fmt: skip
    heads = ("Pair", "Mean difference", "p, corrected", "Better here", "Under all baselines")
    lines = [
        tag(
            "tr",
            tag("th", f"{results.contestant(p['a'])} – {results.contestant(p['b'])}", scope="row"),
            tag("td", _difference(p), class_="number"),
            tag("td", "–" if p["p_adjusted"] is None else _p(p["p_adjusted"]), class_="number"),
            tag("td", results.contestant(p["winner"]) if p["winner"] else "no difference shown"),
            tag("td", _overall(results, robust[p["a"], p["b"]], len(found["baselines"]))),
        )
        for p in pairs
    ]
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    return scroll("Decisions", tag("table", head, tag("tbody", lines), class_="plain"))


def _difference(pair: Mapping[str, Json]) -> str:
    if pair["difference"] is None:
        return "–"
    text = number(pair["difference"])
    if pair["low"] is None or pair["high"] is None:
        return text
    return f"{text} ({number(pair['low'])} to {number(pair['high'])})"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def _overall(results: Results, row: Mapping[str, Json], count: int) -> str:
    if row["verdict"] == "robust":
        return f"{results.contestant(row['winner'])} is robustly better"
    if row["verdict"] == "opposite":
        return "depends on the baseline: not ranked"
    if row["verdict"] == "partly":
        slug = max(row["better_under"], key=lambda s: len(row["better_under"][s]))
        under = len(row["better_under"][slug])
        return f"{results.contestant(slug)} is better under {under} of {count}"
    return "too few rows" if row["verdict"] == "few" else "no difference shown"


def _curves(results: Results, found: Mapping[str, Json]) -> Html:
    at = [found["steps"].index(step) for step in STEPS_SHOWN]
    heads = ["Method", *(f"{100 * step:g} %" for step in STEPS_SHOWN)]
    lines = [
        tag(
            "tr",
            tag("th", f"{results.contestant(c['method'])}, {words}", scope="row"),
            [
                tag("td", "–" if c[way][i] is None else number(c[way][i]), class_="number")
                for i in at
            ],
        )
        for way, words in (("deletion", "taken away"), ("insertion", "kept alone"))
        for c in found["curves"]
        if c["baseline"] == found["baseline"]
    ]
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    return scroll("Curves", tag("table", head, tag("tbody", lines), class_="plain"))
