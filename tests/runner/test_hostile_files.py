"""Every hostile file through the real inspection: refused with a sentence or handled, in limits."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.shared import FOLDER, needs_shared
from xai.errors import XaiError
from xai.runner import session

SUFFIXES = {
    ".csv", ".parquet", ".pkl", ".joblib", ".skops", ".npz", ".onnx", ".txt", ".ubj",
    ".safetensors", ".zip", ".gz", ".jsonl", ".png",
}  # fmt: skip
FILES = sorted(
    path for path in (FOLDER / "hostile").glob("*") if path.suffix in SUFFIXES
) if FOLDER.is_dir() else []  # fmt: skip
SECONDS, BYTES = 10, 2**30


@pytest.fixture
def peak(monkeypatch):
    """Return the largest memory, in bytes, of each jailed child that has ended."""
    found, wait = [], os.wait4

    def weighed(pid, options):
        answer = wait(pid, options)
        found.append(answer[2].ru_maxrss * 1024)
        return answer

    monkeypatch.setattr(os, "wait4", weighed)
    return found


@pytest.fixture
def left(monkeypatch):
    """Return what jailed children leave in their rooms, which go with them: no marker may."""
    found, remove = [], session.shutil.rmtree

    def look(path, **choices):
        found.extend(entry for entry in path.rglob("*") if not entry.name.startswith("tmp"))
        remove(path, **choices)

    monkeypatch.setattr(session.shutil, "rmtree", look)
    return found


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["model", "dataset"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_hostile_file_is_refused_or_handled(path, purpose, tmp_path, monkeypatch, peak, left):
    monkeypatch.chdir(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    began = time.monotonic()
    try:
        facts = session.inspect(path, path.name, purpose, scratch)
    except XaiError as error:
        sentence = str(error)
        assert "Traceback" not in sentence
        assert "internal error" not in sentence
        assert 20 < len(sentence) < 600
    else:
        assert facts["kind"] in {"tabular", "table", "images"}
    assert time.monotonic() - began < SECONDS
    assert 0 < max(peak) < BYTES
    assert left == []
    assert not list(Path("/tmp").glob("PWNED*"))
    assert [found.name for found in tmp_path.rglob("*")] == ["scratch"]
