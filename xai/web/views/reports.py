"""Reports: chosen, made, kept, taken away, shared and deleted."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from tasks import reports
from xai.errors import XaiError
from xai.web import kept, removal
from xai.web.landed import landed
from xai.web.models import Report, ReportLink
from xai.web.models.reports import HTML
from xai.web.report_form import LinkForm, ReportForm


def _mine(request: HttpRequest, pk: uuid.UUID) -> Report:
    mine = Report.objects.for_user(request.user).select_related("run__model", "run__dataset")
    return get_object_or_404(mine, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List the reports of a run; take what is chosen for another."""
    found = landed(request, pk)
    form = ReportForm(request.POST or None, found)
    if form.is_valid():
        try:
            return redirect(reports.ask(found.run, form.cleaned_data["title"], form.choices()))
        except XaiError as error:
            form.add_error(None, str(error))
    context = {"landed": found, "run": found.run, "form": form, "reports": found.run.reports.all()}
    return render(request, "reports/list.html", context, status=422 if form.errors else 200)


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far a report is, or its files and links."""
    return render(request, "reports/show.html", _card(request, _mine(request, pk)))


@require_GET
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the moving part of the page, for htmx to swap in."""
    return render(request, "reports/_status.html", _card(request, _mine(request, pk)))


def _card(request: HttpRequest, report: Report) -> dict[str, Any]:
    links = [
        {"link": link, "address": request.build_absolute_uri(link.get_absolute_url())}
        if link.token
        else {"link": link, "address": ""}
        for link in report.links.all()
    ]
    return {
        "report": report,
        "run": report.run,
        "links": links,
        "form": LinkForm(),
        "files": kept.listed(report),
    }


@require_safe
def file(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponseBase:
    """Return one file of a report: the HTML to be read here, the others to be taken away."""
    report = _mine(request, pk)
    is_read = name == HTML and "download" not in request.GET
    return kept.page(report) if is_read else kept.download(report, name)


@require_POST
def share(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a link by which anybody who has it can read the report."""
    report, form = _mine(request, pk), LinkForm(request.POST)
    if report.state == Report.State.DONE and form.is_valid():
        ReportLink.made(form.expires(), report=report)
    return redirect(f"{report.get_absolute_url()}#links")


@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID, link: int) -> HttpResponse:
    """Close a link."""
    report = _mine(request, pk)
    get_object_or_404(report.links, pk=link).revoke()
    messages.success(request, "The link opens nothing any more.", extra_tags="good")
    return redirect(f"{report.get_absolute_url()}#links")


@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete a report that nobody was promised."""
    report = _mine(request, pk)
    try:
        removal.remove_report(report)
    except XaiError as error:
        messages.error(request, str(error), extra_tags="bad")
        return redirect(report)
    messages.success(request, "The report is deleted.", extra_tags="good")
    return redirect("reports", report.run_id)
