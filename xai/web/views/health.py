"""For those who keep it running: does it live, can it work, what does it do."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xai.web import health, metrics

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
"""A proxy on this machine makes the whole world look local; it tells by one of these."""


@login_not_required
@never_cache
@require_safe
def lives(_request: HttpRequest) -> HttpResponse:
    """Answer at all."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say which parts can be used: 200 if all, else 503; `?of=pages` leaves out the workers."""
    asked = health.PAGES if request.GET.get("of") == "pages" else health.ALL
    checks = [check() for check in asked]
    may_know = is_operator(request)
    told = {
        one.name: one.sentence if may_know else "ok" if one.is_well else "failed" for one in checks
    }
    is_ready = all(one.is_well for one in checks)
    return JsonResponse({"ready": is_ready, "checks": told}, status=200 if is_ready else 503)


@login_not_required
@never_cache
@require_safe
def measured(request: HttpRequest) -> HttpResponse:
    """Return the metrics to this machine, or to whoever has their token."""
    if not is_operator(request):
        sentence = "Metrics are for this machine, or for Authorization: Bearer with their token.\n"
        answer = HttpResponse(sentence, status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def is_operator(request: HttpRequest) -> bool:
    """Whether this comes from the machine itself and by no proxy, or with the metrics' token."""
    given = request.headers.get("Authorization", "").encode()
    token = settings.METRICS_TOKEN
    if token and hmac.compare_digest(given, f"Bearer {token}".encode()):
        return True
    if settings.BEHIND_PROXY or any(name in request.META for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
