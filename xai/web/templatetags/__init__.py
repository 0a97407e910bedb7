"""Filters for templates."""

from __future__ import annotations
