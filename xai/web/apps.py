"""The one Django app of the site."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Named `web` in migrations and tables."""

    name = "xai.web"
    label = "web"
