"""Reports on the site: chosen, read, shared by a link that can be revoked, and by nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tasks import reports
from tests.web.landed_run import EVIL, land
from xai.web import files, kept
from xai.web.models import Report, ReportLink
from xai.web.models.reports import BUNDLE, HTML

CHOSEN = {
    "title": "For the board",
    "sections": ["verdict", "samples"],
    "samples": "2",
    "beside": [],
}


@pytest.fixture
def run(alice, make_upload, server_mode):
    return land(alice, make_upload, rows=20, evil=True, methods=("shapley", "lime", "random"))


@pytest.fixture
def report(run):
    choices = {"sections": ["verdict"], "samples": "", "files": [BUNDLE]}
    report = reports.ask(run, "<b>Board</b>", choices)
    reports.make(str(report.pk))
    report.refresh_from_db()
    return report


@pytest.fixture
def link(report):
    return ReportLink.made(report=report)


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def test_what_is_chosen_is_asked_for(owner, run):
    answer = owner.post(reverse("reports", args=[run.pk]), CHOSEN)
    report = Report.objects.get()
    assert answer["Location"] == report.get_absolute_url()
    assert report.title == "For the board"
    assert report.choices == {"sections": ["verdict", "samples"], "samples": "2", "files": []}
    assert "The report is being made" in owner.get(report.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sections": []}, "Choose at least one section"),
        ({"sections": ["horoscope"]}, "not one of the available choices"),
        ({"samples": "1"}, "Row 1 is not among the explained rows"),
    ],
)
def test_what_cannot_be_had_is_said_on_the_form(owner, run, change, said):
    answer = owner.post(reverse("reports", args=[run.pk]), CHOSEN | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Report.objects.exists()


def test_only_sections_with_something_to_say_are_offered(owner, run):
    page = owner.get(reverse("reports", args=[run.pk])).content.decode()
    assert 'value="verdict"' in page
    for section in ("concepts", "heads", "simpler", "workflow", "people"):
        assert f'value="{section}"' not in page


def test_the_owner_reads_it_here_and_takes_it_away(owner, report):
    page = owner.get(report.get_absolute_url()).content.decode()
    assert "&lt;b&gt;Board&lt;/b&gt;" in page
    assert report.files[HTML]["sha256"] in page
    read = owner.get(reverse("report-file", args=[report.pk, HTML]))
    assert read["Content-Security-Policy"].endswith("sandbox allow-scripts")
    for name in (HTML, BUNDLE):
        taken = owner.get(reverse("report-file", args=[report.pk, name]), {"download": ""})
        assert taken["Content-Disposition"].startswith('attachment; filename="parallax-')
        assert b"".join(taken.streaming_content)
    assert owner.get(reverse("report-file", args=[report.pk, "job.json"])).status_code == 404


def test_bytes_that_changed_on_the_disk_are_not_given_out(owner, report):
    path = files.results(report.result) / HTML
    path.write_bytes(path.read_bytes() + b" ")
    answer = owner.get(reverse("report-file", args=[report.pk, HTML]))
    assert answer.status_code == 500
    assert answer.content.decode() == kept.CHANGED


def test_anybody_with_the_link_reads_the_report_and_nothing_else(client, link):
    answer = client.get(link.get_absolute_url())
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page == (files.results(link.report.result) / HTML).read_text()
    assert not re.findall(r'(?:href|src)="(?!#|data:)', page)
    assert EVIL[0] not in page
    for address in (
        link.report.get_absolute_url(),
        reverse("report-file", args=[link.report.pk, HTML]),
        reverse("run", args=[link.report.run_id]),
        reverse("overview", args=[link.report.run_id]),
    ):
        assert client.get(address)["Location"].startswith("/login/")


def test_the_shared_page_tells_nobody_where_it_is_and_does_nothing(client, link):
    answer = client.get(link.get_absolute_url())
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "private, no-store"
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("frame-ancestors 'none'; sandbox allow-scripts")
    assert "unsafe" not in policy
    assert not answer.cookies


def without_token(answer):
    return re.sub(rb'value="[^"]{64}"|"x-csrftoken": "[^"]*"', b"", answer.content)


@pytest.mark.parametrize("who", ["anonymous", "stranger", "owner"])
def test_a_revoked_link_is_answered_like_one_that_never_was(client, link, who, bob, alice):
    if who != "anonymous":
        client.force_login({"stranger": bob, "owner": alice}[who])
    address = link.get_absolute_url()
    link.revoke()
    revoked = client.get(address)
    never = client.get(reverse("shared", args=["A" * 43]))
    assert (revoked.status_code, never.status_code) == (404, 404)
    assert without_token(revoked) == without_token(never)
    assert set(revoked.headers) == set(never.headers)


def test_a_link_expires(client, link):
    ReportLink.objects.update(expires=now() + timedelta(hours=1))
    assert client.get(link.get_absolute_url()).status_code == 200
    ReportLink.objects.update(expires=now() - timedelta(seconds=1))
    assert client.get(link.get_absolute_url()).status_code == 404


def test_a_token_has_256_bits_and_is_not_in_the_database(link):
    assert len(link.token) == 43
    row = ReportLink.objects.values().get()
    assert link.token not in map(str, row.values())
    other = ReportLink.made(report=link.report)
    assert other.token != link.token


def test_with_another_secret_key_the_link_works_and_is_not_shown(client, link, settings):
    address = link.get_absolute_url()
    settings.SECRET_KEY = "another"
    assert client.get(address).status_code == 200
    assert ReportLink.objects.get().token == ""


def test_the_owner_makes_and_revokes_links(owner, report):
    owner.post(reverse("report-share", args=[report.pk]), {"days": "7"})
    link = ReportLink.objects.get()
    assert timedelta(days=6) < link.expires - now() < timedelta(days=8)
    page = owner.get(report.get_absolute_url()).content.decode()
    assert f"http://testserver{link.get_absolute_url()}" in page
    owner.post(reverse("report-revoke", args=[report.pk, link.pk]))
    assert not ReportLink.objects.get().is_valid
    assert link.token not in owner.get(report.get_absolute_url()).content.decode()


def test_a_stranger_neither_shares_nor_revokes(client, bob, link):
    client.force_login(bob)
    for name, args in (
        ("report-share", [link.report.pk]),
        ("report-revoke", [link.report.pk, link.pk]),
        ("report-delete", [link.report.pk]),
    ):
        assert client.post(reverse(name, args=args)).status_code == 404
    assert ReportLink.objects.get().is_valid


def test_a_link_of_another_report_is_not_revoked_through_mine(owner, bob, make_upload, link):
    other = land(bob, make_upload, rows=20, methods=("shapley", "random"))
    theirs = ReportLink.made(report=Report.objects.create(run=other, choices={}))
    answer = owner.post(reverse("report-revoke", args=[link.report.pk, theirs.pk]))
    assert answer.status_code == 404
    assert ReportLink.objects.get(pk=theirs.pk).is_valid


def test_the_owner_deletes_a_report_but_not_one_that_is_shared(owner, link):
    report = link.report
    owner.post(reverse("report-delete", args=[report.pk]))
    assert Report.objects.exists()
    answer = owner.post(reverse("run-delete", args=[report.run_id]), follow=True)
    assert "Revoke the link first" in answer.content.decode()
    link.revoke()
    owner.post(reverse("report-delete", args=[report.pk]))
    assert not Report.objects.exists()
