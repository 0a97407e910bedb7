"""What came out: the verdict, every sample, figures, the bundle, the report."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Path, Router
from ninja.errors import HttpError
from pydantic import Field

from xai.reports import words
from xai.web import packing, samples
from xai.web.api.shapes import (
    BundleFile,
    Explanation,
    Importance,
    Overview,
    Prediction,
    Said,
    SampleList,
    SampleShown,
)
from xai.web.api.uploads import Limit, Skip
from xai.web.landed import landed
from xai.web.samples import plain
from xai.web.views import exports, figures

router = Router(tags=["Results"])

JSON = {"application/json": {"schema": {"type": "object"}}}
BINARY = {"schema": {"type": "string", "format": "binary"}}


def gives(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return how the description names an answer that is not JSON."""
    return {"responses": {200: {"description": "OK", "content": {media: schema}}}}


@router.get("/runs/{uuid:pk}/overview", response=Overview, summary="The verdict")
def overview(request: HttpRequest, pk: Path[UUID]) -> Any:
    """In sentences, with the importance of every feature or word behind them."""
    results = landed(request, pk).results
    said = [
        Said(topic=one.topic, tone=one.tone, text=one.text, page=one.page)
        for one in words.sentences(results)
    ]
    importance = [
        Importance(
            method=row.method,
            title=row.title,
            variant="",
            unit=row.unit,
            names=list(row.names),
            values=plain(row.values),
        )
        for row in results.importance
    ]
    kind, problem = results.kind, results.problem
    return Overview(kind=kind, problem=problem, sentences=said, importance=importance)


@router.get("/runs/{uuid:pk}/agreement", response=dict[str, Any], summary="How far methods agree")
def agreement(request: HttpRequest, pk: Path[UUID]) -> Any:
    """The content of agreement.json in the bundle."""
    return _computed(landed(request, pk).results.agreement, "agreement")


@router.get(
    "/runs/{uuid:pk}/faithfulness", response=dict[str, Any], summary="How faithful methods are"
)
def faithfulness(request: HttpRequest, pk: Path[UUID]) -> Any:
    """The content of faithfulness.json in the bundle."""
    return _computed(landed(request, pk).results.faithfulness, "faithfulness")


@router.get("/runs/{uuid:pk}/samples", response=SampleList, summary="List samples and predictions")
def list_samples(
    request: HttpRequest, pk: Path[UUID], limit: Limit = 50, skip: Skip = 0
) -> SampleList:
    """In the order of the recipe's rows."""
    results = landed(request, pk).results
    count = len(results.predictions.samples)
    places = range(skip, min(skip + limit, count))
    items = [Prediction(**samples.prediction(results, at)) for at in places]
    outputs = list(results.outputs)
    return SampleList(count=count, outputs=outputs, unit=results.unit, items=items)


@router.get("/runs/{uuid:pk}/samples/{int:sample}", response=SampleShown, summary="Show one sample")
def show_sample(
    request: HttpRequest, pk: Path[UUID], sample: Annotated[int, Field(ge=0, le=2**53)]
) -> Any:
    """Its prediction, and the attributions of every method."""
    results = landed(request, pk).results
    try:
        at = results.sample_index(sample)
    except KeyError:
        raise HttpError(404, "This row of the dataset is not among the explained ones.") from None
    found = [Explanation(**one) for one in samples.explanations(results, sample)]
    prediction = Prediction(**samples.prediction(results, at))
    return SampleShown(prediction=prediction, explanations=found)


@router.get(
    "/runs/{uuid:pk}/figures/{slug:name}",
    response=dict[str, Any],
    summary="A figure as Plotly JSON",
)
def figure(request: HttpRequest, pk: Path[UUID], name: str) -> HttpResponse:
    """Without colours; the query chooses what is drawn, as in the addresses of the pages."""
    return figures.show(request, pk, name)


@router.get("/runs/{uuid:pk}/files", response=list[BundleFile], summary="List the bundle's files")
def list_files(request: HttpRequest, pk: Path[UUID]) -> Any:
    """With sizes and SHA-256; docs/bundle.md says what is in each."""
    return packing.contents(landed(request, pk))


@router.get(
    "/runs/{uuid:pk}/files/{str:name}",
    summary="One file of the bundle",
    openapi_extra=gives("application/octet-stream", BINARY),
)
def show_file(request: HttpRequest, pk: Path[UUID], name: str) -> HttpResponseBase:
    """For all of them, the zip is quicker."""
    return exports.member(request, pk, name)


@router.get(
    "/runs/{uuid:pk}/bundle.zip",
    summary="The bundle",
    openapi_extra=gives("application/zip", BINARY),
)
def bundle(request: HttpRequest, pk: Path[UUID]) -> HttpResponseBase:
    """Everything, with its manifest."""
    return exports.bundle(request, pk)


@router.get(
    "/runs/{uuid:pk}/report.html",
    summary="The report",
    openapi_extra=gives("text/html", {"schema": {"type": "string"}}),
)
def report(request: HttpRequest, pk: Path[UUID]) -> HttpResponseBase:
    """One HTML file that opens without this site."""
    return exports.report(request, pk)


def _computed(found: dict[str, Any] | None, what: str) -> dict[str, Any]:
    if found is None:
        raise HttpError(404, f"The {what} of this explanation is not computed (yet).")
    return found
