from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.reports.test_soft import with_soft
from tests.web.landed_run import EVIL, land
from xai.web.landed import Landed
from xai.web.middleware import local_owner
from xai.web.models import Job

PAGES = ("overview", "compare", "global", "agreement", "faithfulness")
LIMIT = 3_000_000


@pytest.fixture
def run(make_upload):
    return land(local_owner(), make_upload)


@pytest.fixture
def page(client, run):
    def get(name, query="", *, of=run):
        answer = client.get(reverse(name, args=[of.pk]) + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_in_few_queries(client, run, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        answer = client.get(reverse(name, args=[run.pk]))
    assert answer.status_code == 200
    assert "Shapley values" in answer.content.decode()


@pytest.mark.parametrize("name", [*PAGES, "report", "bundle"])
def test_strangers_get_404(client, run, bob, server_mode, name):
    client.force_login(bob)
    assert client.get(reverse(name, args=[run.pk])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_before_the_first_result_there_is_no_page(client, make_run, name):
    assert client.get(reverse(name, args=[make_run(local_owner()).pk])).status_code == 404


@pytest.mark.parametrize("name", PAGES[:4])
def test_names_are_shown_as_text(page, make_upload, name):
    text = page(name, of=land(local_owner(), make_upload, evil=True))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>mid" not in text
    assert EVIL[0] not in text


@pytest.mark.parametrize("name", PAGES)
def test_what_is_open_and_what_failed_is_said(page, run, name):
    run.jobs.filter(method="permutation").update(state=Job.State.RUNNING)
    run.jobs.filter(method="builtin").update(state=Job.State.FAILED, error="It was <too> large.")
    text = page(name)
    assert "Still computing: Permutation importance" in text
    assert "It was &lt;too&gt; large." in text


def test_a_run_without_agreement_says_why(page, make_upload):
    text = page("agreement", of=land(local_owner(), make_upload, methods=("shapley",)))
    assert "Agreement is not there yet" in text


@pytest.mark.parametrize("name", PAGES)
def test_a_run_with_one_method_has_every_page(page, make_upload, name):
    page(name, of=land(local_owner(), make_upload, rows=1, methods=("shapley",)))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("labels", [True, False])
def test_a_regression_has_every_page(page, make_upload, name, labels):
    run = land(local_owner(), make_upload, problem="regression", labels=labels)
    text = page(name, of=run)
    assert "Right predictions" not in text
    assert ("Mean absolute error" in text) == (labels and name == "overview")


def test_a_run_of_global_methods_alone_has_its_pages(page, make_upload):
    run = land(local_owner(), make_upload, methods=("permutation",))
    assert "Permutation importance" in page("global", of=run)
    assert "Row 0" in page("compare", of=run)


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_many_rows_stay_small(page, make_upload, name):
    run = land(local_owner(), make_upload, rows=1500, features=35)
    assert len(page(name, of=run)) < 250_000


def test_the_overview_has_performance_agreement_and_cost(page):
    text = page("overview")
    assert re.search(r"Right predictions</h2><a [^>]*>\d+ %", text)
    assert "mean Kendall τ-b of 4 methods; 95 % interval" in text
    assert "a random order reaches" in text
    assert "What the model relies on" in text
    assert "What not to conclude" in text
    assert "/compare/?sample=" in text
    assert "by 7 methods" in text
    assert "/report.html" in text
    assert "/bundle.zip" in text


def test_importance_is_the_mean_size(page, run):
    from xai.web.landed import Landed

    results = Landed(run, tuple(run.jobs.all())).results
    row = results.importance[0]
    text = page("global")
    assert f'<span class="amount">{row.values[0]:.2f}</span>' in text
    assert "Built-in importance: split count" in text
    assert "log-loss, 0 to" in text


def test_importance_of_one_target_leaves_global_methods_out(page):
    text = page("global", "?target=yes")
    assert '<option value="yes" selected>' in text
    assert "Permutation importance" not in text.split("Importance by every method")[1][:4000]
    assert "target=yes" in text


def test_figures_of_signs_show_one_target(page):
    assert re.search(r"where <bdi>(yes|no)</bdi> is explained", page("global"))


def test_the_figures_of_the_global_page_can_be_chosen(page):
    text = page("global", "?method=lime&feature=feature+3&colour=-")
    assert "figures/dependence/" in text
    assert re.search(r'figures/dependence/[^"]*method=lime&amp;feature=feature\+3', text)
    assert "figures/dendrogram/" in text


def test_many_features_are_cut_to_the_strongest(page, make_upload):
    run = land(local_owner(), make_upload, features=35, methods=("shapley", "occlusion"))
    assert page("global", of=run).count('class="dispute"') == 20
    assert page("global", "?all=1", of=run).count('class="dispute"') == 35


def test_the_matrix_has_methods_and_reference_rows(page):
    text = page("agreement")
    assert text.count('class="cell same"') == 4
    assert "Random order" in text
    assert "Itself, another seed" in text
    assert "no seed" in text


def test_the_measure_can_be_changed(page):
    text = page("agreement", "?measure=jaccard")
    assert 'measure=jaccard" aria-current="true"' in text
    assert "share that both do" in text
    assert "Kendall's τ" not in page("agreement", "?measure=nonsense").split("choices")[0]


def test_a_pair_opens_its_distribution(page):
    text = page("agreement", "?a=lime&b=shapley")
    assert "figures/pair/" in text
    assert 'id="pair"' not in page("agreement")


def test_the_most_disputed_rows_come_first_and_link_to_compare(page, run):
    text = page("agreement")
    found = re.findall(r"/compare/\?sample=(\d+)&amp;by=dispute", text)
    assert len(found) == 25
    assert len(re.findall(r"/compare/\?sample=(\d+)", page("agreement", "?page=2"))) == 15
    assert "Page 2 of 2" in page("agreement", "?page=99999")


def test_the_faithfulness_page_ranks_the_methods(page):
    text = page("faithfulness")
    assert "1. Shapley values" in text
    assert "Random order" in text
    assert "Leaving out one" in text
    assert len(re.findall(r"/figures/curves/", text)) == 4


def test_further_measures_have_a_table_of_their_own(page):
    text = page("faithfulness")
    main, more = text.split("More measures: 6")
    assert "µ-fidelity" not in main.split("League table")[1]
    for title in ("µ-fidelity", "Infidelity, normalised", "τ with leaving out one", "Entropy"):
        assert title in more
    assert "describes" in more
    assert "<details open><summary>More measures" in page("faithfulness", "?measure=infidelity")


def test_strict_p_and_the_agreement_of_baselines_are_shown(page):
    text = page("faithfulness")
    assert ", strict " in text
    assert "How far the baselines agree on who is better" in text


def test_what_chance_gives_is_said_beside_the_matrix(page):
    assert "Two unrelated orders of 6 features give about 0.24." in page(
        "agreement", "?measure=jaccard"
    )


def test_the_faithfulness_page_shows_another_measure_and_baseline(page):
    text = page("faithfulness", "?measure=deletion&baseline=mean")
    assert "Mean output while units are taken away" in text
    assert "baseline=mean" in text
    assert page("faithfulness", "?measure=nonsense&baseline=nonsense")


def test_the_faithfulness_page_shows_soft_measures_over_random_values(page, run, tmp_path):
    assert "Soft faithfulness" not in page("faithfulness")
    results = Landed(run, tuple(run.jobs.all())).results
    with_soft(results, tmp_path)
    made = tmp_path / "faithfulness" / "faithfulness.json"
    (results.folders["faithfulness"] / made.name).write_text(made.read_text())
    shown = page("faithfulness")
    assert "Soft faithfulness, over random values" in shown
    assert "Soft-NC, shares" in shown
    assert shown.index("Shapley values</span></th><td") < shown.index("Random values")


def test_a_run_without_faithfulness_says_why(page, make_upload):
    run = land(local_owner(), make_upload, measured=False)
    assert "was not measured in this run" in page("faithfulness", of=run)


def test_the_agreement_page_has_a_map_of_the_methods(page):
    assert "/figures/nearness/" in page("agreement")
