"""Where the real models and data lie, if this checkout has them beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get("PARALLAX_SHARED", Path(__file__).resolve().parents[2] / "shared" / "data")
)


def needs_shared(function):
    """Mark a test that wants the real files; it is skipped where they are absent."""
    absent = pytest.mark.skipif(
        not FOLDER.is_dir(), reason="the real models and data are not beside this checkout"
    )
    return pytest.mark.shared(absent(function))
