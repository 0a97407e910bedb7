"""Every address of the site, by name. A test asks of each who may see it."""

from __future__ import annotations

from django.urls import path

from xai.web.views import pages

urlpatterns = [
    path("", pages.home, name="home"),
]
