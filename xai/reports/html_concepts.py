"""The report on concepts and strategies: what classes rest on, which samples are alike."""

from __future__ import annotations

import math

from xai.figures.parts import number, signed
from xai.reports import concepts, strategies
from xai.reports.explained import methods_of
from xai.reports.html_lanes import scroll
from xai.reports.markup import Html, join, name, tag
from xai.reports.method import MethodResult
from xai.reports.phrasing import percent
from xai.reports.results import Results
from xai.vocabulary import Json

CLASSES, TOP, CROPS = 6, 6, 4


def found(results: Results) -> Html:
    """Return the strongest concepts of every class with their best crops."""
    method = concepts.method_of(results)
    if method is None:
        return Html()
    targets = concepts.classes_of(method)
    left = len(targets) - CLASSES
    note = tag("p", f"{left} more classes not shown.", class_="quiet") if left > 0 else None
    intro = (
        "Importance: mean of the signed gradient × coefficient over the pictures of the class, in "
        "logits, with its 95 % interval over pictures. Crops: where a concept is strongest."
    )
    parts = [_class(results, method, target) for target in targets[:CLASSES]]
    return join(tag("p", intro, class_="quiet"), parts, note)


def graph(results: Results) -> Html:
    """Return the clusters of samples that are decided alike, as a table."""
    methods = methods_of(results)
    drawn = strategies.of(results, methods[0]) if methods else None
    if drawn is None or not drawn.clusters:
        return Html()
    heads = ("Strategy", "Samples", "Right", "What drives it (mean here, mean of the rest)")
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    lines = [
        tag(
            "tr",
            tag("th", name(one.name), _flag(flagged=one.is_flagged), scope="row"),
            tag("td", f"{one.size:,}", class_="number"),
            tag("td", "–" if one.accuracy is None else percent(one.accuracy), class_="number"),
            tag("td", [_driver(*unit) for unit in one.units]),
        )
        for one in drawn.clusters
    ]
    intro = f"Samples with like explanations by {methods[0].title}, clustered and named after what "
    table = tag("table", head, tag("tbody", lines), class_="plain")
    return join(tag("p", f"{intro}drives them.", class_="quiet"), scroll("Strategies", table))


def _flag(*, flagged: bool) -> Html | None:
    return tag("small", "mostly wrong: a shortcut may be at work") if flagged else None


def _driver(unit: str, mean: float, rest: float) -> Html:
    beside = "" if math.isnan(rest) else f", {signed(rest)}"
    return join(name(unit), f" ({signed(mean)}{beside}) ")


def _class(results: Results, method: MethodResult, target: str) -> Html:
    facts = concepts.facts_of(method, target)
    error, warning = facts.get("logit_error"), str(facts.get("warning") or "")
    said = "" if error is None else f"The concepts miss {percent(float(error))} of the logit. "
    rows = [_concept(results, method, one) for one in concepts.top_of(method, target)[:TOP]]
    return join(
        tag("h3", "Concepts of ", name(target)),
        tag("p", f"{said}{warning}", class_="quiet") if said or warning else None,
        tag("div", rows, class_="concepts"),
        _annotations(method, target),
    )


def _annotations(method: MethodResult, target: str) -> Html | None:
    """Return how the concepts of a class agree with annotations, in sentences."""
    found = concepts.annotations_of(method, target)
    if found is None:
        return None
    named = [f"{line['concept']} “{line['annotation']}” ({percent(line['match'])})"
             for line in found["concepts"] if line["annotation"]]  # fmt: skip
    said = [f"Matched to annotations (0 % chance, 100 % perfect): {', '.join(named) or 'none'}."]
    said += [
        f"Of the {row['top']} most important, {percent(row['value'])} are there, by chance "
        f"{percent(row['chance'])}."
        for row in found["existence"]
    ]
    if where := found["location"]:
        said.append(
            f"Maps overlap the masks by {percent(where['overlap']['value'])}, by chance "
            f"{percent(where['overlap']['chance'])}; their peak is inside in "
            f"{percent(where['pointing']['value'])}, by chance "
            f"{percent(where['pointing']['chance'])}."
        )
    if weight := found["importance"]:
        words = {"rank": "rank correlation over concepts", "cosine": "cosine over classes"}
        value = weight["value" if weight["form"] == "rank" else "product"]
        value = "undefined" if value is None else number(value)
        said.append(f"Importance and frequency: {value} ({words[weight['form']]}).")
    return tag("p", " ".join(said), class_="quiet")


def _concept(results: Results, method: MethodResult, one: Json) -> Html:
    value, low, high = (one[key] for key in ("importance", "low", "high"))
    interval = "" if low is None or high is None else f" ({number(low)} to {number(high)})"
    text = f"{one['name']}: " + ("undefined" if value is None else f"{signed(value)}{interval}")
    height, width = method.notes["input"]
    pictures = _pictures(results)
    crops = [
        tag(
            "svg",
            tag("image", href=f"data:image/jpeg;base64,{pictures[crop['sample']]['jpeg']}",
                width=width, height=height, preserveAspectRatio="none"),
            viewBox=f"{crop['x']} {crop['y']} {crop['width']} {crop['height']}",
            role="img", aria_label=f"Part of picture {crop['sample']}",
        )
        for crop in one["crops"][:CROPS]
        if crop["sample"] in pictures
    ]  # fmt: skip
    return tag("div", tag("p", text), tag("div", crops, class_="crops"), class_="concept")


def _pictures(results: Results) -> dict[int, Json]:
    """Return the pictures that the model saw, by row; none where no predictions came along."""
    folder = results.folders.get("predictions")
    if folder is None or not (folder / "samples.parquet").exists():
        return {}
    return results.samples
