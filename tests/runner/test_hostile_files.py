"""Every hostile file through the real inspection: refused with a sentence or handled, in limits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
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
def spent(monkeypatch):
    """Return what each jailed child that has ended used: (processor seconds, bytes at most).

    Processor time, because a busy machine stretches every other clock; a child that waits for
    ever is told by the sentence of the time limit.
    """
    found, wait = [], os.wait4

    def weighed(pid, options):
        answer = wait(pid, options)
        usage = answer[2]
        found.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))
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
def test_a_hostile_file_is_refused_or_handled(path, purpose, tmp_path, monkeypatch, spent, left):
    monkeypatch.chdir(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    try:
        facts = session.inspect(path, path.name, purpose, scratch)
    except XaiError as error:
        sentence = str(error)
        assert "Traceback" not in sentence
        assert "internal error" not in sentence
        assert "did not answer" not in sentence
        assert 20 < len(sentence) < 600
    else:
        assert facts["kind"] in {"tabular", "table", "images"}
    seconds, most = np.max(spent, axis=0)
    assert seconds < SECONDS
    assert 0 < most < BYTES
    assert left == []
    assert not list(Path("/tmp").glob("PWNED*"))
    assert [found.name for found in tmp_path.rglob("*")] == ["scratch"]
