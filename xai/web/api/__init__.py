"""The site for programs: the same rows, forms and rules as the pages, as JSON under `/api/v1/`."""

from __future__ import annotations
