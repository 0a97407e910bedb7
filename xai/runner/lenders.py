"""A masked language model named on the command line: packed, inspected, refused if it is none."""

from __future__ import annotations

from pathlib import Path

from xai.assets.packing import pack
from xai.errors import RefusedFile
from xai.runner.replacers import is_masked
from xai.runner.session import inspect
from xai.vocabulary import Json


def opened(path: Path, scratch: Path) -> tuple[Path, Json]:
    """Return a masked language model as one file, and what inspection found.

    Raises
    ------
    RefusedFile
        If it is none, or cannot be opened.
    """
    if not path.exists():
        raise RefusedFile(f"There is no file {path}.")
    file = pack(path, scratch / f"replacer-{path.name}.zip") if path.is_dir() else path
    facts = inspect(file, path.name, "model", scratch)
    if not is_masked(facts):
        raise RefusedFile(
            f"{path.name} is a model of kind {facts['kind']}. Words are lent by a masked language "
            "model (…ForMaskedLM), saved with `save_pretrained`."
        )
    return file, facts
