"""Long lists in pages: what a list shows does not grow with what it holds."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 50


def page(request: HttpRequest, found: QuerySet[Any]) -> Page[Any]:
    """Return the page that the address asks for; the nearest one that there is, if it is wrong."""
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
