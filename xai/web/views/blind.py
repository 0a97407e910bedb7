"""Blind comparisons, as those who answer see them: their questions, and nothing else of the run."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from xai.errors import InvalidParameter
from xai.evaluation.plausibility import MARKED
from xai.web import answering
from xai.web.landed import Landed
from xai.web.models import Guest, Invitation, Study


@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Say what an invitation is to; let the person in who takes it up."""
    link = Invitation.opened(token)
    if link is None:
        raise Http404
    if request.method == "POST":
        Guest.objects.get_or_create(invitation=link, person_id=request.user.pk)
        return redirect("blind", link.study_id)
    answer = render(request, "people/invited.html", {"study": link.study})
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask the next question, or take an answer."""
    open_to = Study.objects.for_person(request.user).select_related("run__model", "run__dataset")
    study = get_object_or_404(open_to, pk=pk)
    if not study.is_open:
        return render(request, "people/over.html", {"study": study, "is_closed": True})
    results = Landed(study.run, tuple(study.run.jobs.all())).results
    error = ""
    if request.method == "POST":
        try:
            marks = request.POST.getlist("marks")
            if request.POST.get("kind") == MARKED and request.POST.get("sample", "").isdigit():
                answering.check_marks(marks, results, int(request.POST["sample"]))
            answering.keep(study, request.user, request.POST, marks)
            return redirect("blind", study.pk)
        except (InvalidParameter, KeyError) as refused:
            error = str(refused) if isinstance(refused, InvalidParameter) else "No such row."
    question = answering.next_for(study, request.user)
    if question is None:
        return render(request, "people/over.html", {"study": study})
    shown = answering.page(study, request.user, question, results)
    context = {"study": study, "error": error, **shown}
    return render(request, "people/ask.html", context, status=422 if error else 200)
