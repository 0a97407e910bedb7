"""The site's addresses; they are all in `xai.web.urls`."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("xai.web.urls"))]

handler403 = "xai.web.views.errors.forbidden"
handler404 = "xai.web.views.errors.missing"
handler500 = "xai.web.views.errors.failed"
