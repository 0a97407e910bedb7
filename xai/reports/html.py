"""The report: one HTML file without script or address, for the screen, the printer and the file."""

from __future__ import annotations

from pathlib import Path

from xai.methods.catalogue import GENERATION, IMAGES, TEXT
from xai.reports import html_concepts, html_facts, html_faithful, html_tables, html_texts
from xai.reports.markup import Html, join, tag
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.reports.words import TITLES, sentences

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HERE = Path(__file__).resolve().parent
_CSS = _HERE.parent.parent / "static" / "css"
_STYLES = (_CSS / "tokens.css", _CSS / "steps.css", _HERE / "report.css")

SECTIONS = {
    "verdict": "In words",
    "importance": "Importance",
    "concepts": "Concepts",
    "strategies": "Strategies",
    "agreement": "Agreement",
    "faithfulness": "Faithfulness",
    "samples": "Single rows",
    "methods": "Methods",
    "facts": "Model and data",
    "reproduce": "Do it again",
    "reading": "How to read",
}
_SECTION_OF_PAGE = {
    "global": "importance", "agreement": "agreement", "faithfulness": "faithfulness",
    "compare": "samples", "run": "methods",
}  # fmt: skip


def _none(_results: Results) -> Html:
    """Tokens in their places and points of pictures have no importance over all samples."""
    return Html()


IMPORTANCE = {TEXT: html_texts.words, GENERATION: _none, IMAGES: _none}
"""How the importance over all samples is written, where not as a table of features."""


def render(results: Results) -> str:
    """Return the whole report; the same results give the same file."""
    model = str(results.manifest.get("model", {}).get("name", "the model"))
    dataset = str(results.manifest.get("dataset", {}).get("name", "the data"))
    bodies = {
        "verdict": _verdict(sentences(results)),
        "importance": IMPORTANCE.get(results.kind, html_tables.importance)(results),
        "concepts": html_concepts.found(results),
        "strategies": html_concepts.graph(results),
        "agreement": html_tables.agreement(results),
        "faithfulness": html_faithful.faithfulness(results),
        "samples": html_tables.samples(results),
        "methods": html_facts.methods(results),
        "facts": html_facts.facts(results),
        "reproduce": html_facts.reproduce(results),
        "reading": html_facts.reading(results),
    }
    shown = {key: body for key, body in bodies.items() if body}
    body = tag(
        "body",
        _header(results, model, dataset),
        tag("nav", _contents(shown), aria_label="Contents"),
        tag("main", [_section(key, content) for key, content in shown.items()]),
        tag("footer", tag("p", f"Made by {results.manifest.get('product', 'Parallax')}.")),
    )
    return f"<!doctype html>\n{tag('html', _head(model, dataset), body, lang='en')}\n"


def _head(model: str, dataset: str) -> Html:
    style = "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{model} on {dataset}: explanation"),
        Html(f"<style>{style}</style>"),
    )


def _header(results: Results, model: str, dataset: str) -> Html:
    rows = len(results.predictions.samples) if "predictions" in results.folders else 0
    return tag(
        "header",
        tag("p", "Parallax · explanation of a model", class_="quiet"),
        tag("h1", tag("bdi", model), tag("span", "on ", tag("bdi", dataset), class_="quiet of")),
        html_facts.glance(results, rows),
    )


def _contents(shown: dict[str, Html]) -> Html:
    return tag("ul", [tag("li", tag("a", SECTIONS[key], href=f"#{key}")) for key in shown])


def _section(key: str, body: Html) -> Html:
    return tag(
        "section", tag("h2", SECTIONS[key], id=f"{key}-title"), body,
        id=key, aria_labelledby=f"{key}-title",
    )  # fmt: skip


def _verdict(said: list[Sentence]) -> Html:
    groups = []
    for topic, title in TITLES.items():
        found = [_sentence(one) for one in said if one.topic == topic]
        if found:
            groups.append(tag("div", tag("h3", title), tag("ul", found, class_="verdict")))
    return join(groups)


def _sentence(one: Sentence) -> Html:
    section = _SECTION_OF_PAGE.get(one.page)
    link = tag("a", SECTIONS[section], href=f"#{section}", class_="source") if section else None
    return tag("li", one.text, Html(" ") if link else None, link, class_=one.tone or None)
