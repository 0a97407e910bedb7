"""Every hostile file through the real inspection: refused with a sentence or handled, in limits."""

from __future__ import annotations

import resource
import time

import pytest

from tests.shared import FOLDER, needs_shared
from xai.errors import XaiError
from xai.runner.session import inspect

SUFFIXES = {
    ".csv", ".parquet", ".pkl", ".joblib", ".skops", ".npz", ".onnx", ".txt", ".ubj",
    ".safetensors", ".zip", ".gz", ".jsonl", ".png",
}  # fmt: skip
FILES = sorted(
    path for path in (FOLDER / "hostile").glob("*") if path.suffix in SUFFIXES
) if FOLDER.is_dir() else []  # fmt: skip
SECONDS, BYTES = 10, 2**30


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["model", "dataset"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_hostile_file_is_refused_or_handled(path, purpose, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    began = time.monotonic()
    try:
        facts = inspect(path, path.name, purpose, scratch)
    except XaiError as error:
        sentence = str(error)
        assert "Traceback" not in sentence
        assert "internal error" not in sentence
        assert 20 < len(sentence) < 600
    else:
        assert facts["kind"] in {"tabular", "table"}
    assert time.monotonic() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 2 * BYTES
    assert [found.name for found in tmp_path.rglob("*")] == ["scratch"]
