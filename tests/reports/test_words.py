"""Sentences say what the numbers say, the same every time, and no more."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.reports.fixtures import EVIL, NAMES, write_run
from xai.reports import performance
from xai.reports.phrasing import counted, listed, named, percent, two
from xai.reports.results import Results
from xai.reports.words import TITLES, sentences


@pytest.fixture(scope="module")
def said(results):
    return sentences(results)


def about(said, topic):
    return [sentence.text for sentence in said if sentence.topic == topic]


def test_the_same_results_give_the_same_words(results, said):
    again = Results.gather(results.manifest, results.folders)
    assert sentences(again) == said


def test_no_finding_without_its_number(said):
    for sentence in said:
        assert sentence.topic in TITLES
        if sentence.topic != "notes":
            assert re.search(r"\d", sentence.text), sentence.text
            assert sentence.page, sentence.text


def test_only_decisions_are_called_significant(said):
    claims = [s for s in said if "signific" in s.text.lower() or "prove" in s.text.lower()]
    assert {s.page for s in claims} == {"faithfulness"}
    assert {s.topic for s in claims} <= {"faithfulness", "distrust"}


def test_every_finding_leads_to_its_page(said):
    pages = {sentence.page for sentence in said if sentence.topic != "caution"}
    assert pages <= {"global", "agreement", "faithfulness", "compare", "run"}
    assert "" not in pages


def test_reliance_names_the_strongest_with_interval_and_share(results, said):
    row = results.importance[0]
    held = np.sort(row.values)[::-1][:3].sum() / row.values.sum()
    text = about(said, "relies")[0]
    assert text.startswith("By Shapley values, the model relies most on “age”: it moves the log-")
    assert f"({percent(held)})" in text or f"hold {percent(held)} of all" in text
    assert "95 % interval" in text


def test_the_consensus_is_told_with_mean_places(said):
    assert "Shapley values, Occlusion and LIME put “age” (1." in about(said, "relies")[1]


def test_agreement_is_told_beside_chance_and_beside_another_seed(results, said):
    text = " ".join(about(said, "agreement"))
    assert f"mean Kendall τ-b {two(results.agreement['tau']['mean'])}" in text
    assert "A random order reaches" in text
    assert "LIME run again with another seed" in text
    assert "Shapley values run again" not in text


def test_methods_no_more_alike_than_chance_are_called_so(tmp_path, results):
    folder = shutil.copytree(results.folders["agreement"], tmp_path / "agreement")
    summary = json.loads((folder / "agreement.json").read_text())
    summary["tau"] |= {"mean": 0.01, "low": -0.05, "high": 0.06}
    (folder / "agreement.json").write_text(json.dumps(summary))
    changed = Results.gather(results.manifest, results.folders | {"agreement": folder})
    (whole,) = [s for s in sentences(changed) if "not clearly more alike than chance" in s.text]
    assert whole.tone == "warn"


def test_accuracy_stands_beside_the_commonest_answer(results, said):
    found = performance.accuracy(results)
    (text,) = about(said, "performance")
    assert f"right on {percent(found.share)} of the 59 rows with a label" in text
    assert f"would be right on {percent(found.commonest)}" in text


def test_a_regression_has_error_and_r2(tmp_path):
    found = write_run(tmp_path, problem="regression")
    truth = np.array([float(x) if x else np.nan for x in found.predictions.labels])[1:]
    values = found.predictions.values[1:]
    expected = 1 - ((truth - values) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    assert performance.fit(found).r2 == pytest.approx(expected)
    assert f"R² is {two(expected)}" in about(sentences(found), "performance")[0]


def test_without_labels_nobody_knows(tmp_path):
    (text,) = about(sentences(write_run(tmp_path, labels=False)), "performance")
    assert text.startswith("No label is known for the 60 explained rows")


def test_a_failed_method_is_told_with_its_reason(tmp_path):
    errors = {"permutation": "It was stopped at the limit of memory (4 GB)."}
    found = sentences(write_run(tmp_path, rows=5, methods=("shapley", "lime"), errors=errors))
    (failed,) = [sentence for sentence in found if sentence.topic == "failed"]
    assert failed.text.startswith("Permutation importance, one of 3 methods asked for, has no")
    assert "It was stopped at the limit of memory (4 GB)." in failed.text
    assert failed.tone == "bad"


def test_cautions_name_groups_errors_and_notes(said):
    text = " ".join(about(said, "caution"))
    for words in ("“age + income”", "LIME: the top 3 is not stable on", "Agreement is not truth",
                  "LIME"):  # fmt: skip
        assert words in text
    assert "1 of 120 values of age is missing." in about(said, "notes")


def test_features_that_move_together_are_a_caution(tmp_path, results):
    assert "together on the explained rows" not in " ".join(about(sentences(results), "caution"))
    found = write_run(tmp_path, rows=40)
    numbers = found.inputs.numbers.copy()
    numbers[:, 1] = -numbers[:, 0]
    changed = replace(found.inputs, numbers=numbers)
    object.__setattr__(found, "inputs", changed)
    (text,) = [t for t in about(sentences(found), "caution") if "together on the explained" in t]
    assert "1 pair of features moves together" in text
    assert "“age” and “income” (−1.00)" in text


def test_few_rows_are_a_caution(tmp_path):
    text = " ".join(about(sentences(write_run(tmp_path, rows=3)), "caution"))
    assert "Only 3 rows are explained" in text


def test_one_row_and_one_method_still_make_sentences(tmp_path):
    found = sentences(write_run(tmp_path, rows=1, methods=("shapley",), labels=False))
    assert "too few rows for an interval" in found[0].text


def test_predictions_alone_make_sentences(tmp_path):
    assert sentences(write_run(tmp_path, rows=4, methods=()))


def test_names_are_plain_text_without_unseen_signs(tmp_path):
    found = sentences(write_run(tmp_path, names=(*EVIL, *NAMES[3:])))
    text = " ".join(sentence.text for sentence in found)
    assert "“<script>alert(1)</script>”" in text  # escaped by whoever shows it
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (percent(1.0), "100 %"),
        (percent(0.9995), "over 99.9 %"),
        (percent(0.0002), "under 0.1 %"),
        (two(-0.001), "0.00"),
        (two(-0.123), "−0.12"),
        (counted(1, "row"), "1 row"),
        (counted(1200, "row"), "1,200 rows"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(list("abcd"), most=3), "a, b and 2 more"),
        (named("x" * 99), f"“{'x' * 59}…”"),
    ],
)
def test_phrases(made, expected):
    assert made == expected


def test_features_that_move_together_are_those_of_spearman():
    from scipy import stats

    from xai.reports.correlated import _pairs

    draw = np.random.default_rng(0)
    numbers = draw.standard_normal((200, 5))
    numbers[:, 1] = -numbers[:, 0] + 0.3 * draw.standard_normal(200)
    numbers[:, 3] = numbers[:, 2] + 0.2 * draw.standard_normal(200)
    numbers[:30, 2] = np.nan
    found = {(a, b): rho for a, b, rho in _pairs(numbers, [0, 1, 2, 3, 4])}
    first = stats.spearmanr(numbers[:, 0], numbers[:, 1]).statistic
    second = stats.spearmanr(numbers[30:, 2], numbers[30:, 3]).statistic
    assert found == pytest.approx({(0, 1): first, (2, 3): second})
