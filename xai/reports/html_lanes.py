"""The report's bars: one lane per method, one row per feature."""

from __future__ import annotations

from collections.abc import Sequence

from xai.figures.bars import Bar
from xai.figures.lanes import Entry, Lane, Row, scales
from xai.figures.parts import number
from xai.methods import catalogue
from xai.reports.markup import Html, name, tag

COLOURS = 16


def method_name(slug: str, title: str) -> Html:
    """Return a method's title with the colour that it has on every page."""
    return tag("span", title, class_=f"method {method_class(slug)}")


def method_class(slug: str) -> str:
    """Return the class that colours a method's bars."""
    method = slug.removeprefix("self:").partition(":")[0]
    known = catalogue.CATALOGUE.get(method)
    return f"m{known.colour if known else COLOURS}"


def scroll(label: str, table: Html) -> Html:
    """Return a table that may be wider than the page; only the table moves then."""
    return tag(
        "div", table, class_="scroll", role="region", aria_label=f"Table: {label}", tabindex="0"
    )


def lanes_table(
    lanes: Sequence[Lane], rows: Sequence[Row], label: str, *, shown: bool = False
) -> Html:
    """Return the features in rows, the methods in lanes of bars; `shown`: with their values."""
    ends = scales(lanes, False)
    heads = [
        tag(
            "th",
            method_name(lane.slug, lane.title),
            tag("small", "control") if lane.is_control else None,
            tag("small", _scale(lane, end.low, end.high)),
            scope="col",
        )
        for lane, end in zip(lanes, ends, strict=True)
    ]
    value = tag("th", "Value", scope="col") if shown else None
    head = tag("thead", tag("tr", tag("th", "Feature", scope="col"), value, heads))
    columns = [tag("col", class_="feature")] + [tag("col", class_="shown")] * shown
    columns += [tag("col", class_="lane")] * len(lanes)
    body = tag("tbody", [_row(row, lanes, shown=shown) for row in rows])
    return scroll(label, tag("table", tag("colgroup", columns), head, body, class_="lanes"))


def _scale(lane: Lane, low: float, high: float) -> str:
    unit = f" {lane.unit}" if lane.unit else ""
    return f"{number(low) if lane.is_signed or low < 0 else '0'} to {number(high)}{unit}"


def _row(row: Row, lanes: Sequence[Lane], *, shown: bool) -> Html:
    value = tag("td", tag("bdi", row.shown), class_="shown") if shown else None
    cells = [_entry(entry, lane) for entry, lane in zip(row.entries, lanes, strict=True)]
    return tag("tr", tag("th", name(row.name), scope="row"), value, cells)


def _entry(entry: Entry, lane: Lane) -> Html:
    if entry.home is not None:
        return tag("td", tag("small", "with ", tag("bdi", entry.home_name)), class_="quiet")
    place = tag("small", f"#{entry.place}", class_="place") if entry.place else None
    more = f" and {len(entry.group) - 2} more" if len(entry.group) > 2 else None
    few = tag("bdi", ", ".join(entry.group[:2]))
    group = tag("small", "with ", few, more) if entry.group else None
    return tag(
        "td",
        _bar(entry.bar) if entry.bar else None,
        tag("span", entry.value, title=entry.whisker or None, class_="amount"),
        place,
        group,
        class_=method_class(lane.slug),
    )


def _bar(bar: Bar) -> Html:
    whisker = None
    if bar.low is not None and bar.high is not None:
        line = f"M{bar.low} 10H{bar.high}M{bar.low} 6v8M{bar.high} 6v8"
        whisker = tag("path", class_="whisker", d=line)
    return tag(
        "svg",
        tag("rect", x=bar.start, y=3, width=bar.width, height=14),
        whisker,
        tag("path", class_="zero", d=f"M{bar.zero} 0V20"),
        class_=f"bar {bar.sign}",
        viewBox="0 0 100 20",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
