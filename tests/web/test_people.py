"""Blind comparisons: no name of a method, an order of their own for everyone, votes that count."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import pytest
from django.urls import reverse

from tests.web import landed_run
from xai.reports.blind import units
from xai.web import answering, opinions
from xai.web.landed import Landed
from xai.web.models import Ballot, Guest, Invitation, Study

METHODS = ("shapley", "occlusion", "lime", "random")
ASKED = {"title": "=Which one?", "asks": "both", "rows": "0, 2", "methods": list(METHODS)}


@pytest.fixture
def run(alice, make_upload, server_mode):
    return landed_run.land(alice, make_upload, rows=20, evil=True, methods=METHODS)


@pytest.fixture
def study(run):
    return Study.objects.create(
        run=run, title="=Which one?", methods=list(METHODS), samples=[0, 2], seed=7
    )


@pytest.fixture
def link(study):
    return Invitation.made(study=study)


@pytest.fixture
def guest(client, bob, link):
    client.force_login(bob)
    client.post(link.get_absolute_url())
    return client


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def answer(client, study, person, *, marks=("0",), letter="A"):
    """Answer the next question as the page asks it."""
    question = answering.next_for(study, person)
    given = {"sample": question.sample, "kind": question.kind}
    given |= {"marks": list(marks)} if question.kind == "marks" else {"picked": letter}
    return client.post(reverse("blind", args=[study.pk]), given)


def test_the_owner_asks(owner, run):
    answered = owner.post(reverse("people", args=[run.pk]), ASKED)
    study = Study.objects.get()
    assert answered["Location"] == study.get_absolute_url()
    assert (study.methods, study.samples, study.asks) == (list(METHODS), [0, 2], "both")
    assert owner.get(study.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"methods": ["lime"]}, "Choose two to 8 methods"),
        ({"methods": ["lime", "tarot"]}, "not one of the available choices"),
        ({"rows": "1"}, "Row 1 is not among the explained rows"),
        ({"title": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_form(owner, run, change, said):
    answered = owner.post(reverse("people", args=[run.pk]), ASKED | change)
    assert answered.status_code == 422
    assert said in answered.content.decode()
    assert not Study.objects.exists()


def test_no_page_names_a_method_or_what_else_the_run_has(guest, study, bob):
    for _ in range(4):
        page = guest.get(reverse("blind", args=[study.pk])).content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        for word in (
            "Shapley",
            "LIME",
            "cclusion",
            "Random",
            "control",
            "model.json",
            str(study.run_id),
        ):
            assert word not in main, word
        assert not re.search(r'class="[^"]*\bm\d+\b', main)
        assert not re.search("|".join(METHODS), main)
        answer(guest, study, bob)
    assert "That was all" in guest.get(reverse("blind", args=[study.pk])).content.decode()


def test_marks_are_asked_before_any_explanation_is_seen(guest, study, bob):
    first = answering.next_for(study, bob)
    page = guest.get(reverse("blind", args=[study.pk])).content.decode()
    assert first.kind == "marks"
    assert 'name="picked"' not in page
    answer(guest, study, bob)
    second = answering.next_for(study, bob)
    assert (second.kind, second.sample) == ("picks", first.sample)


def test_what_is_said_is_kept_with_who_when_and_what_stood_before_them(guest, study, bob):
    answer(guest, study, bob, marks=("3", "1"))
    answer(guest, study, bob, letter="B")
    marks, pick = Ballot.objects.all()
    assert (marks.kind, marks.marks, marks.name, marks.person) == ("marks", [1, 3], "bob", bob)
    assert pick.shown == study.shown(bob, pick.sample)
    assert pick.picked == pick.shown[1]
    assert pick.created is not None


def test_none_and_not_knowing_are_answers_too(guest, study, bob):
    answer(guest, study, bob, marks=())
    answer(guest, study, bob, letter="none")
    question = answering.next_for(study, bob)
    passed = {"sample": question.sample, "kind": question.kind, "pass": "1"}
    guest.post(reverse("blind", args=[study.pk]), passed)
    nothing, none, unknown = Ballot.objects.all()
    assert (nothing.marks, nothing.is_passed) == ([], False)
    assert (none.picked, len(none.shown), none.is_passed) == ("", 4, False)
    assert unknown.is_passed
    assert opinions.answers(study) == [nothing, none]


@pytest.mark.parametrize(
    "given",
    [
        {"sample": "4", "kind": "marks"},
        {"sample": "1", "kind": "marks"},
        {"sample": "x", "kind": "marks"},
        {"sample": "0", "kind": "tarot"},
        {"sample": "0", "kind": "marks", "marks": ["6"]},
        {"sample": "0", "kind": "marks", "marks": ["-1"]},
        {"sample": "0", "kind": "marks", "marks": ["9" * 30]},
        {"sample": "0", "kind": "picks", "picked": "shapley"},
        {"sample": "0", "kind": "picks", "picked": "E"},
        {"sample": "0", "kind": "picks"},
        {},
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_is_kept(guest, study, given):
    answered = guest.post(reverse("blind", args=[study.pk]), given)
    assert answered.status_code == 422
    assert not Ballot.objects.exists()


def test_orders_are_fixed_by_the_seed_and_differ_between_people_and_rows(study, alice, bob):
    again = Study.objects.get()
    assert study.shown(bob, 0) == again.shown(bob, 0)
    people = [type("Person", (), {"pk": pk})() for pk in range(200)]
    firsts = [study.shown(person, 0)[0] for person in people]
    assert {method: firsts.count(method) > 25 for method in METHODS} == dict.fromkeys(METHODS, True)
    assert any(study.shown(person, 0) != study.shown(person, 2) for person in people)
    assert any(study.order(person) != study.order(people[0]) for person in people)


def test_a_guest_sees_the_questions_and_nothing_else_of_the_run(guest, study, run):
    assert guest.get(reverse("blind", args=[study.pk])).status_code == 200
    for name, args in (
        ("study", [study.pk]), ("study-answers", [study.pk]), ("people", [run.pk]),
        ("run", [run.pk]), ("overview", [run.pk]), ("compare", [run.pk]), ("bundle", [run.pk]),
        ("upload", [run.model_id]), ("upload", [run.dataset_id]), ("reports", [run.pk]),
    ):  # fmt: skip
        assert guest.get(reverse(name, args=args)).status_code == 404, name
    for name in ("study-invite", "study-close", "study-delete"):
        assert guest.post(reverse(name, args=[study.pk])).status_code == 404, name


def test_a_guest_finds_the_way_back_after_signing_in(guest, study, link, bob):
    address = reverse("blind", args=[study.pk])
    guest.logout()
    guest.force_login(bob)
    assert address in guest.get("/").content.decode()
    link.revoke()
    assert address not in guest.get("/").content.decode()


def test_a_stranger_without_the_link_is_told_that_nothing_is_there(client, bob, study):
    client.force_login(bob)
    assert client.get(reverse("blind", args=[study.pk])).status_code == 404
    assert client.post(reverse("blind", args=[study.pk])).status_code == 404


def test_an_invitation_asks_for_an_account_first(client, link):
    assert client.get(link.get_absolute_url())["Location"].startswith("/login/?next=/invited/")
    assert client.post(link.get_absolute_url())["Location"].startswith("/login/")
    assert not Guest.objects.exists()


def test_looking_at_an_invitation_does_not_take_it_up(client, bob, link):
    client.force_login(bob)
    page = client.get(link.get_absolute_url())
    assert page["Referrer-Policy"] == "no-referrer"
    assert "kept under the name bob" in page.content.decode()
    assert not Guest.objects.exists()


def test_a_revoked_invitation_lets_nobody_in_any_more_and_what_they_said_stays(
    guest, study, bob, link
):
    answer(guest, study, bob)
    link.revoke()
    assert guest.get(reverse("blind", args=[study.pk])).status_code == 404
    revoked = guest.get(link.get_absolute_url())
    never = guest.get(reverse("invited", args=["A" * 43]))
    assert (revoked.status_code, never.status_code) == (404, 404)
    assert guest.post(link.get_absolute_url()).status_code == 404
    assert Ballot.objects.count() == 1


def test_an_invitation_opens_no_report_and_a_report_s_link_no_comparison(client, bob, link):
    client.force_login(bob)
    assert client.get(reverse("shared", args=[link.token])).status_code == 404


def test_a_closed_comparison_takes_no_answers(guest, study, bob):
    study.is_open = False
    study.save()
    answer(guest, study, bob)
    assert not Ballot.objects.exists()
    assert (
        "No more answers are taken" in guest.get(reverse("blind", args=[study.pk])).content.decode()
    )


def test_the_owner_closes_revokes_and_deletes(owner, study, link):
    owner.post(reverse("study-close", args=[study.pk]))
    assert not Study.objects.get().is_open
    owner.post(reverse("study-revoke", args=[study.pk, link.pk]))
    assert not Invitation.objects.get().is_valid
    owner.post(reverse("study-delete", args=[study.pk]))
    assert not Study.objects.exists()


@pytest.fixture
def voted(study, alice, bob):
    """Everybody marks the unit that Shapley values put first, and picks Shapley values."""
    results = Landed(study.run, tuple(study.run.jobs.all())).results
    values = {s: results.method("shapley").values[results.sample_index(s)] for s in (0, 2)}
    for person in (alice, bob):
        for sample in study.samples:
            first = int(abs(values[sample]).argmax())
            shown = study.shown(person, sample)
            same = {"study": study, "person": person, "name": person.username, "sample": sample}
            Ballot.objects.create(**same, kind="marks", marks=[first])
            Ballot.objects.create(**same, kind="picks", shown=shown, picked="shapley")
    return study


def test_the_tally_is_that_of_the_votes(voted):
    found = opinions.found(voted, Landed(voted.run, tuple(voted.run.jobs.all())).results)
    marks = {one["method"]: one for one in found["marks"]["methods"]}
    assert marks["shapley"]["precision"]["mean"] == 1.0
    picks = {one["method"]: one for one in found["picks"]["methods"]}
    assert (picks["shapley"]["wins"], picks["shapley"]["shown"]) == (4, 4)
    assert picks["shapley"]["low"] == pytest.approx(0.5101, abs=1e-4)
    assert picks["lime"]["wins"] == 0
    assert found["people"] == 2


def test_the_page_the_report_and_the_bundle_tell_the_same_numbers(owner, voted):
    page = owner.get(voted.get_absolute_url()).content.decode()
    report = owner.get(reverse("report", args=[voted.run_id])).content.decode()
    stream = owner.get(reverse("bundle", args=[voted.run_id])).streaming_content
    archive = zipfile.ZipFile(io.BytesIO(b"".join(stream)))
    told = json.loads(archive.read("plausibility.json"))["studies"][0]
    assert archive.read("report.html").decode() == report
    numbers = [
        one[name]["mean"] for one in told["marks"]["methods"] for name in ("precision", "rank")
    ]
    for text in (page, report):
        for number in numbers:
            assert f"{number:.2f}" in text
        assert "4 of 4" in text
        assert "51 %" in text
    section = report[report.index('id="people"') :]
    assert "never joined with faithfulness" in section
    assert "bob" not in section
    assert b"bob" not in archive.read("answers.csv")
    assert b"person 2" in archive.read("answers.csv")


def test_the_owner_takes_the_answers_as_csv_without_formulas(owner, voted):
    answered = owner.get(reverse("study-answers", args=[voted.pk]))
    assert answered["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answered.content.decode("utf-8-sig"))))
    assert len(rows) == 8
    assert {row["person"] for row in rows} == {"alice", "bob"}
    assert rows[0]["study"] == "'=Which one?"
    assert rows[0]["when"].endswith("+00:00")
    pick = next(row for row in rows if row["question"] == "picks")
    assert pick["order shown"].split(", ") == voted.shown(
        next(b.person for b in voted.ballots.all() if b.name == pick["person"]), int(pick["row"])
    )


@pytest.mark.parametrize("land", ["land_text", "land_story", "land_pictures"])
def test_people_are_asked_about_every_kind(client, alice, make_upload, server_mode, land):
    run = getattr(landed_run, land)(alice, make_upload)
    results = Landed(run, tuple(run.jobs.all())).results
    sample = int(results.predictions.samples[0])
    methods = [one.slug for one in results.local_methods()]
    study = Study.objects.create(run=run, title="t", methods=methods, samples=[sample])
    client.force_login(alice)
    for kind in ("marks", "picks"):
        page = client.get(reverse("blind", args=[study.pk])).content.decode()
        wanted = len(units(results, sample)) if kind == "marks" else len(methods) + 1
        assert page.count('name="marks"' if kind == "marks" else 'name="picked"') == wanted
        assert "<b>not" not in page
        assert answer(client, study, alice).status_code == 302
    found = opinions.found(study, results)
    assert found["marks"]["methods"][0]["rank"]["mean"] is not None
    assert client.get(study.get_absolute_url()).status_code == 200
