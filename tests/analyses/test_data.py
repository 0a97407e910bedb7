"""Odd labels: a label that was planted wrong is found, in tables and in networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from tests.analyses.found import NAMES, analysed, found_of, frame
from xai.reports.analyses import data as told
from xai.workbench.last_layer import last_linear, recorded


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Data of which one clear row has the wrong label; its analysis."""
    path = tmp_path_factory.mktemp("planted") / "data.csv"
    table = frame()
    row = int(table[NAMES[0]].to_numpy().argmax())
    table.loc[row, "truth"] = "no"
    table.to_csv(path, index=False)
    return row, analysed("data", dataset=str(path))


def test_the_planted_label_is_first_and_called_odd(planted):
    row, (_, facts) = planted
    found = facts["result"]
    assert found["listed"][0]["sample"] == row
    assert row in {one["sample"] for one in told.odd(found)}
    texts = [one.text for one in told.said(found, None)]
    assert f"Row {row} has the highest loss" in texts[0]
    assert "may carry a wrong label" in texts[1]


def test_every_labelled_row_has_its_scores(planted):
    _, (arrays, _) = planted
    assert len(arrays["rows"]) == 160
    assert set(arrays) == {
        "rows", "label", "predicted", "loss", "margin", "el2n", "grand", "entropy",
    }  # fmt: skip
    wrong = arrays["predicted"] != arrays["label"]
    assert (arrays["margin"][wrong] <= 0).all()
    assert (arrays["grand"] >= arrays["el2n"]).all()


def test_the_mean_loss_is_the_log_loss_of_scikit_learn(planted):
    _, (arrays, _) = planted
    shares = np.exp(-arrays["loss"])
    of_one = np.where(arrays["label"] == 1, shares, 1 - shares)
    assert arrays["loss"].mean() == pytest.approx(log_loss(arrays["label"], of_one))


def test_a_logistic_regression_has_influence_and_rows_of_its_label_help():
    found = found_of("data")
    assert found["has_last_layer"]
    row = found["listed"][0]
    assert row["helpful"][0]["change"] > 0 > row["harmful"][0]["change"]
    assert row["helpful"][0]["label"] == row["label"]
    assert row["harmful"][0]["label"] != row["label"]


def test_neighbours_are_the_nearest_by_standardised_columns():
    found = found_of("data")
    row = found["listed"][0]
    far = [one["distance"] for one in row["neighbours"]]
    assert far == sorted(far)
    assert row["sample"] not in {one["sample"] for one in row["neighbours"]}


def test_a_chosen_row_of_the_page_is_shown_with_its_neighbours(tmp_path):
    from tests.reports.fixtures import write_run

    found, results = found_of("data"), write_run(tmp_path, methods=("shapley", "random"))
    sample = found["listed"][3]["sample"]
    page = told.shown(found, results, {"sample": str(sample), "by": "margin"})
    assert page["chosen"]["sample"] == sample
    assert page["by"] == "margin"
    assert len(page["chosen"]["neighbours"]) == 5
    assert told.shown(found, results, {"sample": "x", "by": "magic"})["by"] == "loss"


class Network(torch.nn.Module):
    """Two linear layers with an activation between."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = torch.nn.Linear(3, 5), torch.nn.Linear(5, 4)

    def forward(self, rows):
        class Answer:
            logits = self.last(torch.tanh(self.first(rows)))

        return Answer


def test_what_the_last_layer_reads_is_recorded_row_by_row():
    network, rows = Network(), torch.randn(7, 3)
    layer = last_linear(network, lambda: network(rows[:1]))
    assert layer is network.last
    with recorded(layer) as tape, torch.inference_mode():
        logits = torch.cat([network(rows[4:]).logits, network(rows[:4]).logits])
    shares = torch.softmax(logits.double(), dim=1).numpy()
    found = tape.of(shares)
    expected = torch.tanh(network.first(rows)).detach().numpy()
    np.testing.assert_allclose(found, np.concatenate([expected[4:], expected[:4]]), atol=1e-6)
    assert tape.of(np.full((1, 4), 0.25)) is None


def test_a_network_that_changes_the_output_of_its_last_layer_has_none_to_find():
    class Halved(Network):
        def forward(self, rows):
            answer = super().forward(rows)
            answer.logits = answer.logits / 2
            return answer

    network = Halved()
    assert last_linear(network, lambda: network(torch.randn(1, 3))) is None
