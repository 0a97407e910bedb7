"""What code computed a result: part of every job's key, so that a mended method computes anew."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

VERSION = "0.1.0"
_COMPUTING = ("assets", "evaluation", "methods", "workbench")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the release and a digest of every source file that can change a number."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for folder in _COMPUTING:
        for source in sorted((root / folder).rglob("*.py")):
            digest.update(source.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:12]}"
