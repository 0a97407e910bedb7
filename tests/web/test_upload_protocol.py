"""Begin, parts, complete: what the protocol promises, and what it refuses before the bytes."""

from __future__ import annotations

import hashlib
import json
import uuid

import pytest

from xai.web import files, uploads
from xai.web.models import Upload

CONTENT = b"age,label\n39,no\n51,yes\n"


@pytest.fixture(autouse=True)
def inspections(monkeypatch):
    """Collect what is sent to inspection instead of sending it."""
    from xai.web.views import uploads as views

    sent = []
    monkeypatch.setattr(views.queue, "begin_inspection", sent.append)
    return sent


@pytest.fixture
def browser(client, alice, server_mode, data_dir):
    client.force_login(alice)
    return client


SIZE = len(CONTENT)


def begin(browser, size=SIZE, name="people.csv", purpose="dataset", **more):
    asked = {"name": name, "size": size, "purpose": purpose, **more}
    return browser.post("/uploads/", json.dumps(asked), content_type="application/json")


def put(browser, pk, offset, content):
    address = f"/uploads/{pk}/parts/?offset={offset}"
    return browser.put(address, content, content_type="application/octet-stream")


def send(browser, content=CONTENT, **asked):
    pk = begin(browser, size=len(content), **asked).json()["id"]
    put(browser, pk, 0, content)
    return browser.post(f"/uploads/{pk}/complete/"), Upload.objects.get(pk=pk)


def test_a_file_arrives_in_parts_and_is_named_by_its_hash(browser, inspections):
    begun = begin(browser)
    assert begun.status_code == 201
    assert begun.json()["offset"] == 0
    pk = begun.json()["id"]
    assert put(browser, pk, 0, CONTENT[:10]).json() == {"offset": 10}
    assert put(browser, pk, 10, CONTENT[10:]).json() == {"offset": len(CONTENT)}
    assert browser.post(f"/uploads/{pk}/complete/").json() == {"url": f"/uploads/{pk}/"}
    upload = Upload.objects.get(pk=pk)
    assert upload.state == "checking"
    assert upload.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert files.stored(upload.sha256).read_bytes() == CONTENT
    assert not files.part(pk).exists()
    assert inspections == [upload]


def test_a_wrong_offset_is_a_conflict_that_names_the_right_one(browser):
    pk = begin(browser).json()["id"]
    put(browser, pk, 0, CONTENT[:10])
    for offset in (0, 5, 11):
        answer = put(browser, pk, offset, CONTENT[offset:])
        assert (answer.status_code, answer.json()["offset"]) == (409, 10)
    assert browser.get(f"/uploads/{pk}/offset/").json() == {"offset": 10, "state": "uploading"}


def test_a_part_beyond_the_declared_size_is_refused(browser):
    pk = begin(browser).json()["id"]
    assert put(browser, pk, 0, CONTENT + b"!").status_code == 413
    assert browser.get(f"/uploads/{pk}/offset/").json()["offset"] == 0


def test_an_incomplete_file_cannot_be_completed(browser, inspections):
    pk = begin(browser).json()["id"]
    put(browser, pk, 0, CONTENT[:10])
    answer = browser.post(f"/uploads/{pk}/complete/")
    assert (answer.status_code, answer.json()["offset"]) == (409, 10)
    assert inspections == []


def test_completing_twice_gives_the_same_answer_and_one_inspection(browser, inspections):
    answer, upload = send(browser)
    assert browser.post(f"/uploads/{upload.pk}/complete/").json() == answer.json()
    assert len(inspections) == 1


def test_a_file_too_large_is_refused_before_its_bytes(browser, settings):
    settings.MAX_FILE = 1000
    answer = begin(browser, size=1001)
    assert answer.status_code == 413
    assert "1.0 kB" in answer.json()["error"]
    assert not Upload.objects.exists()


def test_the_quota_counts_what_is_promised_too(browser, settings):
    settings.QUOTA_BYTES = 1000
    assert begin(browser, size=600).status_code == 201
    answer = begin(browser, size=600)
    assert answer.status_code == 507
    assert "400 B are left" in answer.json()["error"]


def test_the_number_of_files_is_limited(browser, settings):
    settings.QUOTA_FILES = 1
    begin(browser)
    assert begin(browser).status_code == 507


def test_the_disk_keeps_its_floor(browser, settings):
    settings.DISK_FLOOR = 2**60
    assert begin(browser).status_code == 507


def test_an_empty_file_and_nonsense_are_refused(browser):
    assert begin(browser, size=0).status_code == 422
    assert begin(browser, purpose="virus").status_code == 422
    for body in ("{", "[]", '{"name": "x"}', '{"name": "x", "size": "y", "purpose": "model"}'):
        answer = browser.post("/uploads/", body, content_type="application/json")
        assert answer.status_code == 422, body


def test_changed_bytes_are_noticed(browser):
    answer, _ = send_expecting(browser, "0" * 64)
    assert answer.status_code == 422
    assert not Upload.objects.exists()


def send_expecting(browser, sha256):
    pk = begin(browser, sha256=sha256).json()["id"]
    put(browser, pk, 0, CONTENT)
    return browser.post(f"/uploads/{pk}/complete/"), pk


def test_the_announced_hash_is_accepted(browser):
    answer, _ = send_expecting(browser, hashlib.sha256(CONTENT).hexdigest().upper())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\models\\a.json", "a.json"),
        ("a\r\nSet-Cookie: x\x00.csv", "aSet-Cookie: x.csv"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 999, "x" * 255),
        ("..", ".."),
        ("\n", "unnamed"),
    ],
)
def test_names_are_text_and_nothing_else(browser, given, kept):
    pk = begin(browser, name=given).json()["id"]
    assert Upload.objects.get(pk=pk).name == kept


def test_a_name_with_markup_is_shown_not_run(browser):
    _, upload = send(browser, name="<script>alert(1)<\\script>.csv")
    page = begin(browser, name="<img src=x onerror=alert(1)>.csv").json()["id"]
    for pk in (upload.pk, page):
        assert "<img src=x" not in browser.get(f"/uploads/{pk}/").content.decode()
    assert "&lt;img src=x" in browser.get("/datasets/").content.decode()


def test_equal_bytes_share_one_file_until_the_last_goes(browser):
    _, first = send(browser)
    _, second = send(browser, name="again.csv")
    assert first.sha256 == second.sha256
    browser.post(f"/uploads/{first.pk}/delete/")
    assert files.stored(second.sha256).exists()
    browser.post(f"/uploads/{second.pk}/delete/")
    assert not files.stored(second.sha256).exists()


def test_a_refused_upload_holds_no_bytes(browser):
    _, upload = send(browser)
    Upload.objects.update(state="refused")
    uploads.release(upload.sha256)
    assert not files.stored(upload.sha256).exists()


def test_a_file_that_a_run_uses_stays(browser, alice, make_run):
    run = make_run(alice)
    browser.post(f"/uploads/{run.model.pk}/delete/")
    assert files.stored(run.model.sha256).exists()
    page = browser.get(f"/uploads/{run.model.pk}/").content.decode()
    assert "An explanation uses this file" in page


def test_a_small_file_arrives_without_javascript(browser, inspections):
    from django.core.files.uploadedfile import SimpleUploadedFile

    given = SimpleUploadedFile("people.csv", CONTENT)
    answer = browser.post("/uploads/new/", {"purpose": "dataset", "file": given})
    assert answer.status_code == 302
    assert inspections[0].received == len(CONTENT)
    assert browser.post("/uploads/new/", {"purpose": "dataset"}).status_code == 422


def test_stale_uploads_are_given_up(browser):
    from django.utils.timezone import now

    pk = begin(browser).json()["id"]
    put(browser, pk, 0, CONTENT[:3])
    assert uploads.discard_stale() == 0
    Upload.objects.update(changed=now() - 2 * uploads.STALE)
    assert uploads.discard_stale() == 1
    assert not files.part(pk).exists()


def test_paths_are_made_of_hashes_and_ids_only(data_dir):
    for wrong in ("../x", "a/b", "", "." * 3):
        with pytest.raises(ValueError, match="not a"):
            files.stored(wrong)
        with pytest.raises(ValueError, match="not a"):
            files.results(wrong)
    assert files.part(uuid.uuid4()).parent == data_dir / "parts"
