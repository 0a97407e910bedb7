"""The report's facts: what was explained, by which methods, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from xai.figures.parts import number
from xai.reports import manifest
from xai.reports.findings import OUTPUT
from xai.reports.html_lanes import method_name, scroll
from xai.reports.markup import Html, join, name, tag, text
from xai.reports.phrasing import counted
from xai.reports.results import Results
from xai.vocabulary import Json

LISTED = 60
"""Names of columns or outputs that are written out."""


def glance(results: Results, rows: int) -> Html:
    """Return the few facts under the title."""
    known = results.manifest
    pairs = [
        ("Model", known.get("model", {}).get("architecture")),
        ("Rows explained", f"{rows:,} of {known.get('dataset', {}).get('rows', 0):,}"),
        ("Explained output", OUTPUT.get(results.unit, results.unit)),
        ("Methods", f"{len(results.methods)} done, {len(results.failed)} failed"),
    ]
    return terms(pairs, class_="glance")


def facts(results: Results) -> Html:
    """Return model and data, with the hashes of both files."""
    known = results.manifest
    model, dataset = known.get("model", {}), known.get("dataset", {})
    return tag(
        "div",
        tag("div", tag("h3", "Model"), terms([
            ("File", model.get("name")),
            ("SHA-256", _code(model.get("sha256"))),
            ("Format", model.get("format")),
            ("Architecture", model.get("architecture")),
            ("Parameters", count_of(model.get("parameters"))),
            ("Problem", model.get("problem")),
            ("Outputs", _names(model.get("outputs", ()))),
            ("Features", _names(model.get("features", ()))),
        ])),
        tag("div", tag("h3", "Data"), terms([
            ("File", dataset.get("name")),
            ("SHA-256", _code(dataset.get("sha256"))),
            ("Rows", count_of(dataset.get("rows"))),
            ("Columns", _names(dataset.get("columns", ()))),
        ])),
        _notes(results.warnings),
        class_="facts",
    )  # fmt: skip


def methods(results: Results) -> Html:
    """Return one line per method that was asked for, also of those that failed."""
    heads = ("Method", "Family", "State", "Parameters", "Seed", "Evaluations", "Computing time")
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    lines = [_method(entry) for entry in manifest.methods(results)]
    return scroll("Methods", tag("table", head, tag("tbody", lines), class_="plain"))


def _method(entry: dict[str, Json]) -> Html:
    is_done = entry["status"] == "done"
    algorithm = entry.get("notes", {}).get("algorithm")
    parameters = ", ".join(f"{key} {value}" for key, value in entry["parameters"].items())
    again = entry.get("another_seed")
    seed = str(entry.get("seed", "–")) + (f", again with {again}" if again is not None else "")
    return tag(
        "tr",
        tag(
            "th",
            method_name(entry["name"], entry["title"]),
            tag("small", str(algorithm)) if algorithm else None,
            scope="row",
        ),
        tag("td", entry.get("family", "–")),
        tag("td", "done" if is_done else join(tag("b", "failed"), f": {entry['error']}"),
            class_=None if is_done else "bad"),
        tag("td", tag("small", parameters or "none")),
        tag("td", seed),
        tag("td", f"{entry['evaluations']:,}" if is_done else "–", class_="number"),
        tag("td", f"{number(entry['seconds'])} s" if is_done else "–", class_="number"),
    )  # fmt: skip


def reproduce(results: Results) -> Html:
    """Return the command, and the versions of what computed the numbers."""
    command = str(results.manifest.get("command", ""))
    product = str(results.manifest.get("product", ""))
    versions = [(key, str(value)) for key, value in results.libraries.items()]
    return join(
        tag("p", "With the two files of these hashes beside you, this computes the same numbers:"),
        tag("pre", tag("code", _in_lines(command))) if command else None,
        tag("h3", "Versions"),
        terms([("Parallax", product.removeprefix("Parallax ")), *versions], class_="versions"),
    )


def _in_lines(command: str) -> Html:
    """Return a command with one option per line, still ready to be pasted."""
    lines: list[str] = []
    for word in shlex.split(command):
        quoted = shlex.quote(word)
        if word.startswith("--") or not lines:
            lines.append(quoted)
        else:
            lines[-1] += f" {quoted}"
    return Html(" \\\n    ".join(text(line) for line in lines))


def reading(results: Results) -> Html:
    """Return what bars, places, intervals and the matrix mean."""
    output = OUTPUT.get(results.unit, "the output")
    rows = [
        (
            "Bars of a single row",
            f"To the right (red) a feature raised {output} of the explained target, to the left "
            "(blue) it lowered it. The methods of one table share one scale where they share a "
            "unit.",
        ),
        (
            "Bars of importance",
            "The mean size of the attribution over the rows, whatever its sign: how much a "
            "feature is used, not in which direction.",
        ),
        (
            "The thin line",
            "A 95 % interval: over the rows for importance; for a single row over what the method "
            "draws, be it background rows or random numbers. No line: nothing is estimated.",
        ),
        ("#1, #2, …", "The place of a feature by size within its method; ties share the best."),
        (
            "The matrix",
            "How alike two methods order the features of one row, mean over rows. Read it beside "
            "the last two lines: a pair close to the random order says nothing in common, and "
            "a method that hardly agrees with itself on another seed is too noisy to be read "
            "closely.",
        ),
        (
            "What it cannot say",
            "Agreement is not truth, and importance is not cause: both describe this model on "
            "these rows.",
        ),
    ]
    return terms(rows, class_="reading")


def _notes(notes: list[str]) -> Html | None:
    if not notes:
        return None
    return tag("div", tag("h3", "Notes"), tag("ul", [tag("li", note) for note in notes]))


def terms(pairs: Iterable[tuple[str, Json]], **attributes: str) -> Html:
    """Return a list of terms; one without a value is left out."""
    known = [(term, value) for term, value in pairs if value is not None and value != ""]
    terms = [tag("div", tag("dt", term), tag("dd", _value(value))) for term, value in known]
    return tag("dl", terms, **attributes)


def _value(value: Json) -> Html:
    return value if isinstance(value, Html) else name(str(value))


def _code(value: Json) -> Html | None:
    return tag("code", str(value)) if value else None


def count_of(value: Json) -> str | None:
    """Return a count with its thousands apart; None if there is none."""
    return None if value is None else f"{value:,}"


def _names(names: Iterable[str]) -> Html | None:
    found = [str(each) for each in names]
    if not found:
        return None
    shown = [join(name(each), ", " if each is not found[-1] else None) for each in found[:LISTED]]
    more = f"and {counted(len(found) - LISTED, 'more', 'more')}" if len(found) > LISTED else None
    return join(shown, more)
