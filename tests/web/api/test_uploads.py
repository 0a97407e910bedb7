"""Files for programs: at once, in parts, resumed, refused in a sentence."""

from __future__ import annotations

import hashlib
import os
import uuid

import pytest

from xai.web import files
from xai.web.models import Upload

CONTENT = b"age,label\n39,no\n51,yes\n"
SHA = hashlib.sha256(CONTENT).hexdigest()


def begin(program, **more):
    asked = {"name": "people.csv", "size": len(CONTENT), "purpose": "dataset", **more}
    return program.post("/uploads", asked)


def part(program, pk, content, **query):
    return program.ask("put", f"/uploads/{pk}/parts", content, **query)


def test_a_small_file_is_sent_at_once(program):
    answer = program.ask(
        "put", "/uploads/whole", CONTENT, name="people.csv", purpose="dataset", sha256=SHA
    )
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["sha256"], told["received"]) == ("checking", SHA, len(CONTENT))
    assert files.stored(SHA).read_bytes() == CONTENT


def test_a_file_that_changed_on_its_way_leaves_nothing(program):
    wrong = {"name": "a.csv", "purpose": "dataset", "sha256": "0" * 64}
    answer = program.ask("put", "/uploads/whole", CONTENT, **wrong)
    assert answer.status_code == 422
    assert "changed on their way" in answer.json()["detail"]
    assert not Upload.objects.exists()
    assert not list(files.folder("parts").iterdir())


def test_parts_are_checked_resumed_and_completed(program):
    pk = begin(program, sha256=SHA).json()["id"]
    assert part(program, pk, CONTENT[:10], offset=0).json() == {"offset": 10}
    late = part(program, pk, CONTENT[:10], offset=0)
    assert (late.status_code, late.json()["offset"]) == (409, 10)
    spoilt = part(program, pk, CONTENT[10:], offset=10, sha256="0" * 64)
    assert spoilt.status_code == 422
    assert spoilt.json() == {
        "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "offset": 10,
        "detail": "The part changed on its way (wrong SHA-256). Send it again.",
    }  # fmt: skip
    early = program.post(f"/uploads/{pk}/complete")
    assert (early.status_code, early.json()["offset"]) == (409, 10)
    rest = CONTENT[10:]
    part(program, pk, rest, offset=10, sha256=hashlib.sha256(rest).hexdigest())
    for _ in range(2):  # asked again, because the answer was lost
        done = program.post(f"/uploads/{pk}/complete")
        assert (done.status_code, done.json()["state"]) == (200, "checking")


def test_a_model_of_several_gigabytes_goes_on_beyond_the_fourth(program):
    size = 5 * 2**30
    pk = begin(program, name="large.zip", size=size, purpose="model").json()["id"]
    path, near = files.part(pk), size - 3
    path.touch()
    os.truncate(path, near)  # holes: as if so much had been sent
    Upload.objects.filter(pk=pk).update(received=near)
    assert part(program, pk, b"end", offset=near).json() == {"offset": size}
    assert path.stat().st_size == size
    with path.open("rb") as file:
        file.seek(near)
        assert file.read() == b"end"


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"size": 0}, 422, "size: Input should be greater than or equal to 1."),
        ({"size": 10**15}, 413, "the largest file accepted here"),
        ({"purpose": "virus"}, 422, "purpose: Input should be 'model' or 'dataset'."),
        ({"sha256": "xyz"}, 422, "sha256: String should match pattern"),
        ({"colour": "red"}, 422, "colour: Extra inputs are not permitted."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(program, asked, status, said):
    answer = begin(program, **asked)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_bodies_have_their_limits(program, settings):
    pk = begin(program, size=2**30).json()["id"]
    assert part(program, pk, b"", offset=0).status_code == 411
    address = f"/api/v1/uploads/{pk}/parts?offset=0"
    large = {"CONTENT_LENGTH": str(9 * 2**20)}
    answer = program.client.put(address, b"", headers=program.headers, **large)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    settings.ONE_SHOT_BYTES = 10
    whole = program.ask("put", "/uploads/whole", CONTENT, name="a.csv", purpose="dataset")
    assert whole.status_code == 413
    chunked = program.client.post("/api/v1/uploads", HTTP_TRANSFER_ENCODING="chunked")
    assert chunked.status_code == 411


def test_files_are_found_by_content_and_deleted(program, alice, make_upload):
    model = make_upload(alice)
    make_upload(alice, "dataset", state="refused", refusal="No.")
    found = program.get("/uploads", sha256=model.sha256).json()
    assert (found["count"], found["items"][0]["id"]) == (1, str(model.pk))
    assert program.get("/uploads", state="refused").json()["items"][0]["refusal"] == "No."
    assert program.get("/uploads", limit=1).json()["count"] == 2
    assert len(program.get("/uploads", limit=1, skip=1).json()["items"]) == 1
    assert program.get("/uploads", limit=1000).status_code == 422
    assert program.ask("delete", f"/uploads/{model.pk}").status_code == 204
    assert program.get(f"/uploads/{model.pk}").status_code == 404


def test_a_used_file_stays(program, alice, make_run):
    run = make_run(alice)
    answer = program.ask("delete", f"/uploads/{run.model.pk}")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "An explanation uses this file, so it stays.",
    )


def test_what_goes_together_is_told(program, alice, make_upload):
    model, data = make_upload(alice), make_upload(alice, "dataset", name="people.csv")
    (found,) = program.get(f"/uploads/{model.pk}/fits").json()
    assert (found["id"], found["is_fitting"], found["label"]) == (str(data.pk), True, "label")
    growing = make_upload(alice, state="uploading")
    assert program.get(f"/uploads/{growing.pk}/fits").status_code == 409


def test_addresses_that_are_none_are_problems_too(program):
    for path in ("/nothing", f"/uploads/{uuid.uuid4()}", "/uploads/one"):
        answer = program.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            404,
            "application/problem+json",
        ), path
