"""Explanations: one file per method, one line per method in the catalogue."""
