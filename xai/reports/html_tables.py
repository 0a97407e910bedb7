"""The report's tables with numbers: importance, agreement, disputed rows, rows side by side."""

from __future__ import annotations

from collections.abc import Sequence

from xai.evaluation.agreement import RANDOM
from xai.evaluation.catalogue import CATALOGUE
from xai.figures import matrix
from xai.figures.lanes import arrange
from xai.figures.parts import number
from xai.methods.catalogue import GENERATION, IMAGES, TEXT
from xai.reports import html_pictures, html_texts
from xai.reports.findings import OUTPUT
from xai.reports.html_lanes import lanes_table, method_name, scroll
from xai.reports.markup import Html, join, name, tag
from xai.reports.phrasing import counted, percent, two
from xai.reports.results import Results
from xai.reports.room import Room
from xai.reports.side_by_side import lanes_of_importance, lanes_of_sample
from xai.vocabulary import Json

FEATURES = 30
"""Rows of the table of importance; the bundle has all features."""
FEATURES_OF_ROW = 12
DISPUTED = 10


SAMPLES = {TEXT: html_texts.sample, GENERATION: html_texts.sample, IMAGES: html_pictures.sample}
"""How one sample is written, where not as a table of features."""


def importance(results: Results) -> Html:
    """Return the importance of the strongest features by every method, as bars."""
    lanes = [lane for lane in lanes_of_importance(results) if len(lane.values)]
    if not lanes:
        return Html()
    rows = arrange(results.inputs.names, lanes)
    kept, hidden = rows[:FEATURES], rows[FEATURES:]
    units = {lane.unit for lane in lanes if lane.is_shared}
    unit = OUTPUT.get(next(iter(units), ""), "the output")
    intro = (
        f"Mean size of the attribution in units of {unit}, with the 95 % interval over the "
        f"{counted(len(results.predictions.samples), 'row')}; features in the methods' common "
        "order. Methods with another unit have a scale of their own."
    )
    note = f"{counted(len(hidden), 'weaker feature')} not shown here." if hidden else None
    return join(
        tag("p", intro, class_="quiet"),
        lanes_table(lanes, kept, "Importance"),
        tag("p", note, class_="quiet") if note else None,
    )


def agreement(results: Results) -> Html:
    """Return the matrix of methods with its reference rows, all measures, and disputed rows."""
    found = results.agreement
    if not found or not found["methods"]:
        return Html()
    return join(
        tag("h3", f"{CATALOGUE[found['default']].title}, mean over rows with 95 % interval"),
        tag("p", CATALOGUE[found["default"]].meaning, class_="quiet"),
        _matrix(results, found),
        tag("h3", "All measures"),
        _measures(results, found),
        _concordance(found),
        _disputed(found),
    )


def samples(results: Results, chosen: Sequence[int] = ()) -> Html:
    """Return the chosen rows, or a few worth a look, with the methods side by side."""
    if "predictions" not in results.folders or not results.local_methods():
        return Html()
    shown = [(sample, "") for sample in chosen] or _chosen(results)
    room = Room(len(shown) * len(results.local_methods()))
    return join([_sample(results, sample, why, room) for sample, why in shown])


def _matrix(results: Results, found: Json) -> Html:
    default = CATALOGUE[found["default"]]
    pairs = [pair for pair in found["pairs"] if pair["measure"] == default.slug]
    exact = {pair["a"] for pair in pairs if pair.get("deterministic")}
    slugs = found["methods"]
    heads = [tag("th", method_name(slug, results.title(slug)), scope="col") for slug in slugs]
    rows = [
        tag("tr", tag("th", method_name(slug, results.title(slug)), scope="row"),
            [_cell(cell) for cell in cells])
        for slug, cells in zip(slugs, matrix.draw(slugs, slugs, pairs, default.high), strict=True)
    ]  # fmt: skip
    random = matrix.draw(["random"], slugs, pairs, default.high)[0]
    itself = [matrix.draw([s], [f"self:{s}"], pairs, default.high)[0][0] for s in slugs]
    references = tag(
        "tbody",
        tag("tr", tag("th", "Random order", tag("small", "the floor"), scope="row"),
            [_cell(cell) for cell in random]),
        tag("tr", tag("th", "Itself, another seed", tag("small", "its own noise"), scope="row"),
            [_exact() if slug in exact else _cell(cell)
             for slug, cell in zip(slugs, itself, strict=True)]),
        class_="reference",
    )  # fmt: skip
    head = tag("thead", tag("tr", tag("td"), heads))
    return scroll("Agreement", tag("table", head, tag("tbody", rows), references, class_="matrix"))


def _cell(cell: matrix.Cell) -> Html:
    if cell.a == cell.b:
        return tag("td", class_="same")
    if not cell.samples and not cell.undefined:
        return tag("td", "–")
    undefined = f"{cell.undefined} undefined" if cell.undefined else None
    return tag(
        "td",
        tag("b", cell.mean),
        tag("small", cell.interval) if cell.interval else None,
        tag("small", undefined) if undefined else None,
        class_=f"cell step-{cell.step}",
    )


def _exact() -> Html:
    return tag("td", "exact", tag("small", "draws nothing"), class_="cell same")


def _measures(results: Results, found: Json) -> Html:
    """Return one line per pair of methods and per reference, one column per measure."""
    means: dict[tuple[str, str], dict[str, Json]] = {}
    for pair in found["pairs"]:
        if not pair.get("deterministic"):
            means.setdefault((pair["a"], pair["b"]), {})[pair["measure"]] = pair["mean"]
    measured = {pair["measure"] for pair in found["pairs"]}
    # An earlier version of the product knew fewer measures than the catalogue has now.
    cards = [card for card in CATALOGUE.values() if card.slug in measured]
    heads = [tag("th", card.title, scope="col", class_="number") for card in cards]
    lines = [
        tag(
            "tr",
            tag("th", f"{_title(results, a)} – {_title(results, b)}", scope="row"),
            [
                tag("td", "–" if values.get(card.slug) is None else two(values[card.slug]),
                    class_="number")
                for card in cards
            ],
        )
        for (a, b), values in means.items()
    ]  # fmt: skip
    head = tag("thead", tag("tr", tag("th", "Pair", scope="col"), heads))
    return scroll("All measures", tag("table", head, tag("tbody", lines), class_="plain"))


def _title(results: Results, slug: str) -> str:
    """Return a title; the control stands for a random order here, not for a method."""
    return "Random order" if slug == RANDOM else results.title(slug)


def _concordance(found: Json) -> Html | None:
    w = found["w"]
    if w["mean"] is None:
        return None
    bounds = f" (95 % interval {two(w['low'])} to {two(w['high'])})" if w["low"] is not None else ""
    return tag(
        "p",
        f"All together: Kendall's W is {two(w['mean'])}{bounds} on average; unrelated orders of "
        f"{counted(len(w['methods']), 'method')} give about {two(w['chance'])}.",
    )


def _disputed(found: Json) -> Html | None:
    known = [row for row in found["samples"] if row["w"] is not None][:DISPUTED]
    if not known:
        return None
    heads = ("Row", "Kendall's W", "Mean τ", "Most disputed feature", "Its places")
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    lines = [
        tag(
            "tr",
            tag("th", str(row["sample"]), scope="row"),
            tag("td", two(row["w"]), class_="number"),
            tag("td", "–" if row["tau"] is None else two(row["tau"]), class_="number"),
            tag("td", name(row["unit"])),
            tag("td", f"{row['places'][0]:g} to {row['places'][1]:g}", class_="number"),
        )
        for row in known
    ]
    table = tag("table", head, tag("tbody", lines), class_="plain narrow")
    return join(tag("h3", "The most disputed rows"), scroll("The most disputed rows", table))


def _chosen(results: Results) -> list[tuple[int, str]]:
    """Return a few rows worth a look, each with why it is shown."""
    found = results.agreement
    known = [row["sample"] for row in found["samples"] if row["w"] is not None] if found else []
    if not known:
        return [(int(sample), "") for sample in results.predictions.samples[:3]]
    wanted = {
        known[0]: "the most disputed",
        **({known[1]: "the second most disputed"} if len(known) > 3 else {}),
        known[len(known) // 2]: "in the middle",
        known[-1]: "the least disputed",
    }
    if len(known) == 1:
        wanted = {known[0]: "the only one"}
    return list(wanted.items())


def _sample(results: Results, sample: int, why: str, room: Room) -> Html:
    position = results.sample_index(sample)
    if results.kind in SAMPLES:
        title = f"Row {sample}, {why}" if why else f"Row {sample}"
        said, drawn = _prediction(results, position), SAMPLES[results.kind](results, sample, room)
        return tag("div", tag("h3", title), said, drawn, class_="sample")
    lanes, shown = lanes_of_sample(results, sample), results.inputs.display(position)
    rows = arrange(results.inputs.names, lanes, shown=shown)
    hidden = len(rows) - FEATURES_OF_ROW
    title = f"Row {sample}, {why}" if why else f"Row {sample}"
    note = f"{counted(hidden, 'weaker feature')} not shown." if hidden > 0 else None
    return tag(
        "div",
        tag("h3", title),
        _prediction(results, position),
        lanes_table(lanes, rows[:FEATURES_OF_ROW], title, shown=True),
        tag("p", note, class_="quiet") if note else None,
        class_="sample",
    )


def _prediction(results: Results, position: int) -> Html:
    found = results.predictions
    parts = [join("Explained: ", tag("b", name(found.targets[position])))]
    parts.append(join(f"{results.unit} {number(float(found.values[position]))}"))
    if found.probabilities is not None:
        parts.append(join(f"probability {percent(float(found.probabilities[position]))}"))
    label, correct = found.labels[position], found.correct[position]
    if label is not None:
        verdict = {True: " (right)", False: " (wrong)", None: ""}[correct]
        parts.append(join("label ", tag("b", name(label)), verdict))
    return tag("p", [join(part, " · " if part is not parts[-1] else None) for part in parts])
