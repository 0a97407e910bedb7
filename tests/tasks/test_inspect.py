"""An upload is inspected once, and is ready or refused with a sentence."""

from __future__ import annotations

import pytest

from tasks import inspections
from tasks.inspect import INTERNAL, inspect
from xai.errors import LimitExceeded, RefusedFile
from xai.runner import session
from xai.web import files


@pytest.fixture
def upload(make_upload, alice):
    return make_upload(alice, state="checking")


def answer(monkeypatch, result):
    seen = []

    def look(path, name, purpose, scratch):
        seen.append((path, name, purpose))
        assert scratch.is_dir()
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(session, "inspect", look)
    return seen


def test_facts_make_it_ready(upload, monkeypatch):
    seen = answer(monkeypatch, {"format": "onnx"})
    inspect(str(upload.pk))
    inspect(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.facts) == ("ready", {"format": "onnx"})
    assert seen == [(files.stored(upload.sha256), "model.json", "model")]
    assert list(files.folder("scratch").iterdir()) == []


@pytest.mark.parametrize(
    "error", [RefusedFile("This is a pickle."), LimitExceeded("It took too long."), MemoryError()]
)
def test_a_refused_file_says_why_and_is_deleted(upload, monkeypatch, error):
    answer(monkeypatch, error)
    inspect(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.refusal) == ("refused", str(error) or INTERNAL)
    assert not files.stored(upload.sha256).exists()


def test_bytes_that_another_upload_holds_stay(upload, make_upload, bob, monkeypatch):
    content = files.stored(upload.sha256).read_bytes()
    make_upload(bob, content=content)
    answer(monkeypatch, RefusedFile("No."))
    inspect(str(upload.pk))
    assert files.stored(upload.sha256).exists()


def test_a_late_inspector_writes_nothing(upload):
    held = inspections.claim(str(upload.pk))
    late = inspections.Inspection(held.upload, "0" * 32)
    assert not inspections.beat(late)
    assert not inspections.accept(late, {})
    assert not inspections.refuse(late, "No.")
    assert inspections.accept(held, {"format": "csv"})
    assert not inspections.refuse(held, "No.")
    assert files.stored(upload.sha256).exists()
