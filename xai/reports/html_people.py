"""The report on blind comparisons: what people find plausible, apart from what is faithful."""

from __future__ import annotations

from xai.evaluation.plausibility import MARKED, MEASURES, PICKED
from xai.reports.html_lanes import method_name, scroll
from xai.reports.markup import Html, join, name, tag
from xai.reports.phrasing import counted, percent, two
from xai.reports.results import Results
from xai.vocabulary import Json

APART = (
    "Plausibility says how well an explanation meets what people expect. It says nothing of what "
    "the model does: an explanation can be plausible and unfaithful, or faithful and surprising. "
    "It is never joined with faithfulness into one score."
)


def people(results: Results) -> Html:
    """Return the tally of every blind comparison."""
    found = results.plausibility
    if not found:
        return Html()
    return join(tag("p", APART, class_="quiet"), [_study(results, one) for one in found])


def _study(results: Results, found: Json) -> Html:
    who = (
        f"{counted(found['people'], 'person', 'people')} answered on "
        f"{counted(found['samples'], 'row')}, without the names of the methods and in an order "
        f"drawn anew for every person and row (seed {found['seed']})."
    )
    passed = f"{counted(found['passed'], 'question')} passed over." if found["passed"] else None
    return tag(
        "div",
        tag("h3", name(found["title"])),
        tag("p", who),
        tag("p", passed, class_="quiet") if passed else None,
        _marks(results, found[MARKED]) if found[MARKED]["answers"] else None,
        _picks(results, found[PICKED]) if found[PICKED]["answers"] else None,
    )


def _marks(results: Results, found: Json) -> Html:
    heads = [
        tag("th", title, tag("small", meaning), scope="col", class_="number")
        for title, meaning in MEASURES.values()
    ]
    lines = [
        _line(method_name(one["method"], results.title(one["method"])),
              [_interval(one[key]["mean"], one[key]["low"], one[key]["high"]) for key in MEASURES])
        for one in found["methods"]
    ]  # fmt: skip
    chance = _line(
        Html("A random order"), [_interval(found["chance"][key], None, None) for key in MEASURES]
    )
    head = tag("thead", tag("tr", tag("th", "Method", scope="col"), heads))
    undefined = (
        f" {counted(found['undefined'], 'answer')} marked nothing or everything: undefined, left "
        "out."
        if found["undefined"]
        else ""
    )
    intro = (
        f"Mean over {counted(found['samples'], 'row')} with 95 % bootstrap interval over rows; the "
        f"people of one row are averaged first. {counted(found['answers'], 'answer')}.{undefined}"
    )
    table = tag(
        "table", head, tag("tbody", lines), tag("tbody", chance, class_="reference"),
        class_="plain",
    )  # fmt: skip
    return join(
        tag("h4", "Units that people say should matter"),
        tag("p", intro, class_="quiet"),
        scroll("Agreement with marked units", table),
    )


def _picks(results: Results, found: Json) -> Html:
    words = ("Method", "Picked", "Share with 95 % interval", "By chance")
    heads = [tag("th", word, scope="col", class_="number" * (word != "Method")) for word in words]
    lines = [
        _line(
            method_name(one["method"], results.title(one["method"])),
            [
                Html(f"{one['wins']} of {one['shown']}"),
                _share(one),
                Html("–" if one["chance"] is None else percent(one["chance"])),
            ],
        )
        for one in found["methods"]
    ]
    intro = (
        f"{counted(found['answers'], 'answer')}, {found['none']} of them “none makes sense”. "
        "Wilson interval; answers of one person, or on one row, depend on each other, so that it "
        "is rather too narrow."
    )
    table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", lines), class_="plain")
    return join(
        tag("h4", "The explanation that makes sense"),
        tag("p", intro, class_="quiet"),
        scroll("Picked explanations", table),
    )


def _line(title: Html, cells: list[Html]) -> Html:
    return tag(
        "tr", tag("th", title, scope="row"), [tag("td", cell, class_="number") for cell in cells]
    )


def _interval(mean: float | None, low: float | None, high: float | None) -> Html:
    if mean is None:
        return Html("–")
    ends = f"{two(low)} to {two(high)}" if low is not None and high is not None else ""
    return join(two(mean), tag("small", ends) if ends else None)


def _share(one: Json) -> Html:
    if one["rate"] is None:
        return Html("–")
    return join(
        percent(one["rate"]), tag("small", f"{percent(one['low'])} to {percent(one['high'])}")
    )
