"""What a link opens, for whoever has it: one report, and no way on from it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from xai.web import kept
from xai.web.models import Report, ReportLink


@login_not_required
@require_safe
def show(_request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the report; a revoked link is answered like one that never was."""
    link = ReportLink.opened(token)
    if link is None or link.report.state != Report.State.DONE:
        raise Http404
    return kept.page(link.report)
