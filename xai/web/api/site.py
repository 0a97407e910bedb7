"""The one API object, its addresses, and its description."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern
from ninja import NinjaAPI

from xai.runner.version import VERSION
from xai.web.api import account, description, refusals, reports, results, runs, uploads
from xai.web.api.doors import Bearer, Session


class Api(NinjaAPI):
    """Describes every refusal, too."""

    def get_openapi_schema(self, **asked: Any) -> Any:
        """Return the description of this API."""
        return description.completed(super().get_openapi_schema(**asked))


api = Api(
    title="Parallax",
    version=VERSION,
    description=description.ABOUT,
    urls_namespace="api",
    # The page for people is one of ours: no script from elsewhere, no inline style.
    openapi_url=None,
    docs_url=None,
    auth=[Bearer(), Session()],
)
refusals.register(api)
for router in (account.router, uploads.router, runs.router, results.router, reports.router):
    api.add_router("", router)


@api.get("/openapi.json", include_in_schema=False, url_name="openapi")
def openapi(request: HttpRequest) -> Any:  # noqa: ARG001
    """Return the description for programs."""
    return api.get_openapi_schema()


def addresses() -> tuple[list[Any], str, str]:
    """Return what `path` includes; the API asks who is there itself, and answers 401."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback.login_required = False  # type: ignore[attr-defined]
    return patterns, app, namespace
