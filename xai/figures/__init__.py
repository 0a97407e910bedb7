"""Arrays of results become pictures: Plotly dictionaries without colours, and bars for tables.

Colours are named by role ("ink", "raises", "method-2") under `meta` and filled in by the page or
the report from its own palette.
"""
