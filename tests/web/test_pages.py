"""Every page in every state that it can be in."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils.timezone import now

from xai.web import progress
from xai.web.models import Job, Run, Shard
from xai.web.templatetags import facts, parallax


@pytest.fixture
def browser(client, alice, server_mode, data_dir):
    client.force_login(alice)
    return client


def text(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/", "/runs/", "/models/", "/datasets/", "/runs/new/",
                                     "/uploads/new/", "/system/"])  # fmt: skip
def test_an_empty_product_says_how_to_begin(browser, address):
    page = text(browser, address)
    assert page.count("<h1") == 1
    assert "No explanation yet" in page or address != "/"


def test_the_list_of_trusted_types_can_be_read(browser):
    page = text(browser, "/system/")
    assert "<code>sklearn.tree._tree.Tree</code>" in page
    assert f"The {len(facts.trusted_types())} types" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("uploading", "have arrived"),
        ("checking", "Looking inside"),
        ("ready", "XGBoost classifier, 50 trees"),
        ("refused", "It is a pickle."),
    ],
)
def test_a_file_has_a_page_in_every_state(browser, alice, make_upload, state, words):
    refusal = "It is a pickle." if state == "refused" else ""
    upload = make_upload(alice, state=state, refusal=refusal)
    page = text(browser, f"/uploads/{upload.pk}/")
    assert words in page
    assert ("hx-trigger" in page) == (state == "checking")
    assert words in text(browser, f"/uploads/{upload.pk}/status/")


def test_a_dataset_shows_rows_types_gaps_and_which_models_fit(browser, alice, make_upload):
    fitting = make_upload(alice, name="fitting.json")
    other = make_upload(alice, name="other.json")
    other.facts["features"][0]["name"] = "height"
    other.save()
    data = make_upload(alice, "dataset", name="people.csv")
    page = text(browser, f"/uploads/{data.pk}/")
    for words in ("52000", "missing", "3 in 1 of 3 columns", "does not fit", "height", "fits"):
        assert words in page
    assert f"model={fitting.pk}&amp;dataset={data.pk}" in page


@pytest.mark.parametrize("state", ["queued", "running", "done", "partial", "failed", "cancelled"])
def test_a_run_has_a_page_in_every_state(browser, alice, make_run, state):
    run = make_run(alice, state=state, methods=("shapley", "lime"), started=now(), finished=now())
    page = text(browser, f"/runs/{run.pk}/")
    is_over = state not in {"queued", "running"}
    assert ("hx-trigger" in page) == (not is_over)
    assert ("/cancel/" in page) == (not is_over)
    assert ("/retry/" in page) == (state in {"partial", "failed", "cancelled"})
    assert Run.State(state).label in page


def test_a_failed_method_says_why_and_markup_in_it_is_text(browser, alice, make_run):
    run = make_run(alice, state="failed")
    run.jobs.update(error="<b>`memory`</b> is over its limit.")
    page = text(browser, f"/runs/{run.pk}/status/")
    assert "&lt;b&gt;<code>memory</code>&lt;/b&gt; is over its limit." in page


def test_progress_counts_finished_and_running_shards(alice, make_run):
    run = make_run(alice, state="running")
    job = run.jobs.get()
    job.started = now() - timedelta(seconds=10)
    job.save()
    Shard.objects.update(state="done")
    Shard.objects.create(job=job, index=1, start=10, stop=20, state="running", planned=1000,
                         progress=500)  # fmt: skip
    (line,) = progress.lines(run)
    assert (line.done, line.planned, line.percent) == (1500, 2000, 75)
    assert line.rate == pytest.approx(150, rel=0.05)
    assert line.left == pytest.approx(500 / 150, rel=0.05)
    assert progress.left_of_run([line]) == line.left


def test_steps_have_names(alice, make_run):
    run = make_run(alice)
    roles = [("predictions", ""), ("self", "lime"), ("agreement", ""), ("method", "gone")]
    titles = [progress.title_of(Job(run=run, role=role, method=m)) for role, m in roles]
    assert titles[0] == "Predictions"
    assert titles[1] == "LIME, again with another seed"
    assert titles[3] == "gone"


def test_a_run_page_asks_the_database_few_questions(
    browser, alice, make_run, django_assert_max_num_queries
):
    run = make_run(alice, methods=("shapley", "lime", "occlusion", "random"))
    with django_assert_max_num_queries(7):
        browser.get(f"/runs/{run.pk}/status/")


def test_deleting_a_run_frees_its_results_and_its_files(browser, alice, make_run, data_dir):
    run = make_run(alice, state="done")
    folder = data_dir / "results" / "abc"
    folder.mkdir(parents=True)
    run.jobs.update(result="abc")
    assert browser.post(f"/runs/{run.pk}/delete/").status_code == 302
    assert not Run.objects.exists()
    assert not folder.exists()
    assert browser.post(f"/uploads/{run.model.pk}/delete/").headers["Location"] == "/models/"


def test_shared_results_stay_and_a_running_run_too(browser, alice, make_run, data_dir):
    first, second = make_run(alice, state="done"), make_run(alice, state="running")
    (data_dir / "results" / "abc").mkdir(parents=True)
    Job.objects.update(result="abc")
    browser.post(f"/runs/{second.pk}/delete/")
    browser.post(f"/runs/{first.pk}/delete/")
    assert Run.objects.get() == second
    assert (data_dir / "results" / "abc").exists()


def test_the_system_page_shows_what_was_proved(browser, data_dir):
    assert "Not probed yet" in text(browser, "/system/")
    told = {"level": "partial", "sentence": "Almost.", "probes": [
        {"name": "open a socket", "blocked": False, "detail": "it opened"}]}  # fmt: skip
    noted = {"isolation": told, "broker": {"name": "valkey", "version": "9.1.2"}}
    (data_dir / "system.json").write_text(json.dumps(noted))
    page = text(browser, "/system/")
    for words in ("Almost.", "not blocked", "it opened", "valkey", "9.1.2", "SQLite"):
        assert words in page
    assert "partial</a>" in text(browser, "/")


def test_a_page_that_is_not_there_and_one_that_breaks(browser, monkeypatch):
    assert "Nothing is here" in browser.get("/nowhere/").content.decode()
    from xai.web.views import errors

    page = errors.failed(browser.get("/").wsgi_request)
    assert (page.status_code, b"The fault is ours" in page.content) == (500, True)


@pytest.mark.parametrize(
    ("filter_", "value", "shown"),
    [
        (parallax.size, 0, "0 B"), (parallax.size, 1_500, "1.5 kB"), (parallax.size, 2e9, "2.0 GB"),
        (parallax.count, 1234567, "1.2 million"), (parallax.count, 12345, "12,345"),
        (parallax.count, None, "–"), (parallax.count, 3.3, "3.3"),
        (parallax.duration, 0.2, "< 1 s"), (parallax.duration, 75, "1 min 15 s"),
        (parallax.duration, 7300, "2 h 1 min"), (parallax.duration, float("nan"), "–"),
        (parallax.figure, 99999.0, "99,999"), (parallax.figure, 0.123456, "0.1235"),
        (parallax.ago, None, "–"), (facts.separator, "\t", "tabs"),
        (facts.codes, "`<i>`", "<code>&lt;i&gt;</code>"),
    ],
)  # fmt: skip
def test_numbers_are_shown_as_people_read_them(filter_, value, shown):
    assert filter_(value) == shown


def test_a_long_list_is_shown_in_pages(browser, alice, make_upload, monkeypatch):
    from xai.web import paging

    monkeypatch.setattr(paging, "PER_PAGE", 2)
    for number in range(5):
        make_upload(alice, name=f"model-{number}.json", content=str(number).encode())
    first, last = browser.get("/models/"), browser.get("/models/?page=3")
    assert "model-4.json" in first.content.decode()
    assert "model-0.json" not in first.content.decode()
    assert "1 to 2 of 5" in first.content.decode()
    assert "model-0.json" in last.content.decode()
    assert browser.get("/models/?page=of%20nonsense").status_code == 200
