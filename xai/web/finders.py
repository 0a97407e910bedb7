"""Find plotly.js in the plotly package, so that no copy of it is kept here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage

_ADDRESS = "vendor/plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Serve plotly's own `plotly.min.js` as `vendor/plotly.min.js`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spec = find_spec("plotly")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("plotly is not installed: pip install -r requirements.txt")
        self.storage = FileSystemStorage(Path(spec.origin).parent / "package_data")
        self.storage.prefix = "vendor"  # type: ignore[attr-defined]

    def check(self, **_: Any) -> list[CheckMessage]:
        """Report nothing: there is nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002
        """Return the file if it is the one asked for."""
        if path != _ADDRESS:
            return []
        found = self.storage.path("plotly.min.js")
        return [found] if find_all else found

    def list(self, _ignored: Iterable[str] | None) -> Iterable[Any]:
        """Name the one file for collectstatic."""
        yield "plotly.min.js", self.storage
