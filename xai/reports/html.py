"""The report: one HTML file that fetches nothing, for the screen, the printer and the file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from xai.methods.catalogue import GENERATION, IMAGES, TEXT
from xai.reports import (
    analyses,
    html_asked,
    html_concepts,
    html_facts,
    html_faithful,
    html_heads,
    html_people,
    html_tables,
    html_texts,
    importances,
)
from xai.reports.markup import Html, join, tag
from xai.reports.outline import SECTIONS, Outline
from xai.reports.results import Results
from xai.reports.sentence import Sentence, Topic
from xai.reports.words import TITLES, sentences

_HERE = Path(__file__).resolve().parent
_CSS = _HERE.parent.parent / "static" / "css"
_STYLES = (_CSS / "tokens.css", _CSS / "steps.css", _HERE / "report.css")

_SECTION_OF_PAGE = {
    "global": "importance", "agreement": "agreement", "faithfulness": "faithfulness",
    "compare": "samples", "run": "methods", "simpler": "simpler", "workflow": "workflow",
    "data": "data",
}  # fmt: skip


_LIMITS = {"caution", "failed", "notes"}
"""Topics that belong to the limits."""


def _none(_results: Results) -> Html:
    """Tokens in their places and points of pictures have no importance over all samples."""
    return Html()


IMPORTANCE = {TEXT: html_texts.words, GENERATION: _none, IMAGES: _none}
"""How the importance over all samples is written, where not as a table of features."""


def render(results: Results, chosen: Outline = Outline()) -> str:  # noqa: B008 - frozen
    """Return the whole report; the same results and choices give the same file."""
    model = str(results.manifest.get("model", {}).get("name", "the model"))
    dataset = str(results.manifest.get("dataset", {}).get("name", "the data"))
    shown = _written(results, chosen)
    title = chosen.title or f"{model} on {dataset}: explanation"
    body = tag(
        "body",
        _header(results, chosen.title, model, dataset),
        tag("nav", _contents(shown), aria_label="Contents"),
        tag("main", [_section(key, content) for key, content in shown.items()]),
        tag("footer", tag("p", f"Made by {results.manifest.get('product', 'Parallax')}.")),
        Html(f"<script>{_script()}</script>"),
    )
    return f"<!doctype html>\n{tag('html', _head(title), body, lang='en')}\n"


def _written(results: Results, chosen: Outline) -> dict[str, Html]:
    """Return the sections that have something to say; words come last, for they link to figures."""
    asked = [key for key in chosen.sections if key in WRITERS]
    bodies = {key: WRITERS[key](results, chosen) for key in asked}
    there = {key for key, body in bodies.items() if body}
    bodies |= {key: IN_WORDS[key](results, chosen, there) for key in IN_WORDS}
    return {key: bodies[key] for key in chosen.sections if bodies[key]}


@lru_cache(maxsize=1)
def policy() -> str:
    """Return the content policy of a report: its own style and script, and nothing from outside.

    A report is kept while this code changes: keep the policy beside it.
    """
    return (
        f"default-src 'none'; style-src '{_hash(_style())}'; script-src '{_hash(_script())}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1)
def _style() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)


@lru_cache(maxsize=1)
def _script() -> str:
    return (_HERE / "report.js").read_text(encoding="utf-8")


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _head(title: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        # Written as it is: a quote of a hash must not become an entity for whoever reads the bytes.
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex, nofollow"),
        tag("title", title),
        Html(f"<style>{_style()}</style>"),
    )


def _header(results: Results, title: str, model: str, dataset: str) -> Html:
    rows = len(results.predictions.samples) if "predictions" in results.folders else 0
    names = join(tag("bdi", model), tag("span", "on ", tag("bdi", dataset), class_="quiet of"))
    both = join(title, tag("span", tag("bdi", model), " on ", tag("bdi", dataset),
                           class_="quiet of"))  # fmt: skip
    return tag(
        "header",
        tag("p", "Parallax · explanation of a model", class_="quiet"),
        tag("h1", both if title else names),
        html_facts.glance(results, rows),
    )


def _contents(shown: dict[str, Html]) -> Html:
    return tag("ul", [tag("li", tag("a", SECTIONS[key], href=f"#{key}")) for key in shown])


def _section(key: str, body: Html) -> Html:
    return tag(
        "section",
        tag("h2", SECTIONS[key], id=f"{key}-title"),
        body,
        id=key,
        aria_labelledby=f"{key}-title",
    )


def _verdict(results: Results, chosen: Outline, there: set[str]) -> Html:
    """Return the findings, and what not to conclude where no section of its own says it."""
    topics = [topic for topic in TITLES if topic not in _LIMITS or "limits" not in chosen.sections]
    return _said(results, topics, there)


def _limits(results: Results, chosen: Outline, there: set[str]) -> Html:
    left_out = [SECTIONS[key] for key in SECTIONS if key not in chosen.sections]
    note = f"Left out of this report by choice: {', '.join(left_out)}." if left_out else None
    return join(
        _said(results, [topic for topic in TITLES if topic in _LIMITS], there),
        tag("p", note, class_="quiet") if note else None,
    )


def _said(results: Results, topics: list[Topic], there: set[str]) -> Html:
    groups, said = [], sentences(results)
    for topic in topics:
        found = [_sentence(one, there) for one in said if one.topic == topic]
        if found:
            groups.append(tag("div", tag("h3", TITLES[topic]), tag("ul", found, class_="verdict")))
    return join(groups)


def _sentence(one: Sentence, there: set[str]) -> Html:
    section = _SECTION_OF_PAGE.get(one.page, one.page)
    # A link to a section that is not in this report would lead nowhere.
    is_there = section in there
    link = tag("a", SECTIONS[section], href=f"#{section}", class_="source") if is_there else None
    return tag("li", one.text, Html(" ") if link else None, link, class_=one.tone or None)


def _plainly(write: Callable[[Results], Html]) -> Callable[[Results, Outline], Html]:
    return lambda results, _chosen: write(results)


WRITERS: dict[str, Callable[[Results, Outline], Html]] = {
    "asked": _plainly(html_asked.asked),
    "importance": _plainly(
        lambda r: join(IMPORTANCE.get(r.kind, html_tables.importance)(r), importances.written(r))
    ),
    "concepts": _plainly(html_concepts.found),
    "strategies": _plainly(html_concepts.graph),
    "heads": _plainly(html_heads.found),
    "agreement": _plainly(html_tables.agreement),
    "faithfulness": _plainly(html_faithful.faithfulness),
    "workflow": _plainly(lambda r: analyses.section("workflow", r)),
    "data": _plainly(lambda r: analyses.section("data", r)),
    "simpler": _plainly(lambda r: analyses.section("simpler", r)),
    "people": _plainly(html_people.people),
    "samples": lambda results, chosen: html_tables.samples(results, chosen.samples),
    "methods": _plainly(html_facts.methods),
    "facts": _plainly(html_facts.facts),
    "reproduce": _plainly(html_facts.reproduce),
    "reading": _plainly(html_facts.reading),
}
"""Who writes each section; one that returns nothing is left out."""
IN_WORDS = {"verdict": _verdict, "limits": _limits}
"""Sections of sentences, each with a link to the section that its number stands in."""
