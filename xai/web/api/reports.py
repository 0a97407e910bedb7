"""Reports: made by a worker, kept as they are, shared by links that are revoked."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.datastructures import MultiValueDict
from ninja import Path, Router, Status
from ninja.errors import HttpError
from pydantic import Field

from tasks import reports
from xai.errors import InvalidParameter
from xai.web import kept, removal
from xai.web.api.results import BINARY, gives
from xai.web.api.shapes import BundleFile, LinkAsked, LinkTold, ReportAsked, ReportTold
from xai.web.landed import landed
from xai.web.models import Report, ReportLink
from xai.web.report_form import LinkForm, ReportForm

router = Router(tags=["Reports"])


def _mine(request: HttpRequest, pk: UUID) -> Report:
    mine = Report.objects.for_user(request.user).select_related("run__model", "run__dataset")
    return get_object_or_404(mine, pk=pk)


@router.get("/runs/{uuid:pk}/reports", response=list[ReportTold], summary="List reports")
def list_reports(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Of one explanation, the newest first."""
    return [_told(one) for one in landed(request, pk).run.reports.all()]


@router.post("/runs/{uuid:pk}/reports", response={201: ReportTold}, summary="Ask for a report")
def make_report(request: HttpRequest, pk: Path[UUID], asked: ReportAsked) -> Any:
    """A worker makes it: HTML always, PDF and bundle if asked for; look again until it is done."""
    found = landed(request, pk)
    form = ReportForm(None, found)
    offered = [key for key, _ in form.fields["sections"].choices]  # type: ignore[attr-defined]
    answers = {
        "title": [asked.title],
        "samples": [asked.samples],
        "sections": asked.sections or offered,
        "beside": asked.files,
    }
    form = ReportForm(MultiValueDict(answers), found)
    if not form.is_valid():
        raise InvalidParameter(next(iter(form.errors.values()))[0])
    made = reports.ask(found.run, form.cleaned_data["title"], form.choices())
    return Status(201, _told(made))


@router.get("/reports/{uuid:pk}", response=ReportTold, summary="Show a report")
def show_report(request: HttpRequest, pk: Path[UUID]) -> Any:
    """How far it is, or its files."""
    return _told(_mine(request, pk))


@router.get(
    "/reports/{uuid:pk}/files/{str:name}",
    summary="One file of a report",
    openapi_extra=gives("application/octet-stream", BINARY),
)
def show_report_file(request: HttpRequest, pk: Path[UUID], name: str) -> HttpResponseBase:
    """As it was made; one that changed on the disk is not given."""
    report = _mine(request, pk)
    try:
        return kept.opened(report, name, "application/octet-stream")
    except kept.Changed as error:
        raise HttpError(409, str(error)) from None


@router.delete("/reports/{uuid:pk}", response={204: None}, summary="Delete a report")
def delete_report(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Refused while somebody may hold a link to it."""
    removal.remove_report(_mine(request, pk))
    return Status(204, None)


@router.post("/reports/{uuid:pk}/links", response={201: LinkTold}, summary="Share a report")
def share_report(request: HttpRequest, pk: Path[UUID], asked: LinkAsked) -> Any:
    """Whoever has the link can read the report, and nothing else."""
    report = _mine(request, pk)
    if report.state != Report.State.DONE:
        raise HttpError(409, "Only a report that is done can be shared.")
    form = LinkForm({"days": asked.days})
    form.full_clean()
    return Status(201, _link(request, ReportLink.made(form.expires(), report=report)))


@router.delete("/reports/{uuid:pk}/links/{int:link}", response={204: None}, summary="Revoke a link")
def revoke_link(
    request: HttpRequest, pk: Path[UUID], link: Annotated[int, Field(ge=0, le=2**53)]
) -> Any:
    """It opens nothing any more."""
    get_object_or_404(_mine(request, pk).links, pk=link).revoke()
    return Status(204, None)


def _told(report: Report) -> ReportTold:
    names = ("title", "state", "error", "created", "finished")
    found: dict[str, Any] = {name: getattr(report, name) for name in names}
    listed = [
        BundleFile(name=one.name, size=one.size, sha256=one.sha256) for one in kept.listed(report)
    ]
    return ReportTold(id=report.pk, run=report.run_id, files=listed, **found)


def _link(request: HttpRequest, link: ReportLink) -> LinkTold:
    address = request.build_absolute_uri(link.get_absolute_url())
    return LinkTold(id=link.pk, url=address, expires=link.expires)
