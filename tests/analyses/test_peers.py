"""Peers: the rules that were planted come out, in the units of the table; scikit-learn agrees."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.analyses.found import found_of
from xai.analyses import peers, selection
from xai.analyses.learners import Labelled
from xai.reports.analyses import peers as told


def planted(n=400, noise=0.0, seed=0):
    """Return numbers of which two decide, and a category that decides nothing."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(n, 5)) * [1, 10, 100, 1, 1] + [0, 5, 300, 0, 0]
    inputs[:, 4] = draw.integers(0, 3, n)
    margin = (inputs[:, 1] > 7) + (inputs[:, 2] > 350) - 0.5 + noise * draw.normal(size=n)
    return Labelled(inputs, (margin > 0).astype(float), (False,) * 4 + (True,), True)


def test_the_tree_finds_the_planted_edges_in_the_units_of_the_table():
    data = planted()
    rows = np.arange(400)
    nodes = peers.nodes_of(peers.fitted(peers.tree(data), data, rows))
    edges = {node["feature"]: node["threshold"] for node in nodes if "feature" in node}
    assert edges[1] == pytest.approx(7, abs=0.5)
    assert edges[2] == pytest.approx(350, abs=5)
    assert set(edges) == {1, 2}


def test_the_nodes_answer_as_the_tree_does():
    data = planted(noise=0.5)
    model = peers.fitted(peers.tree(data), data, np.arange(400))
    nodes = peers.nodes_of(model)
    for row, answer in zip(data.inputs[:60], model.predict(data.inputs[:60]), strict=True):
        at = nodes[0]
        while "left" in at:
            value = row[at["feature"]]
            goes_left = value != at["code"] if "code" in at else value <= at["threshold"]
            at = nodes[at["left"] if goes_left else at["right"]]
        assert np.argmax(at["value"]) == answer


def test_the_sparse_model_keeps_what_decides_and_drops_the_rest():
    data = planted(noise=0.3)
    cut = peers.folds(data, 0)
    strength, tried = peers.strength_of(data, cut)
    terms = peers.terms_of(peers.fitted(peers.sparse(data, strength), data, np.arange(400)))
    assert {term["feature"] for term in terms[:2]} == {1, 2}
    assert all(term["weight"] > 0 for term in terms[:2])
    best = max(one.scores.mean() for one in tried.values())
    assert tried[strength].scores.mean() > best - 0.05
    sparser = [s for s in peers.STRENGTHS if s < strength]
    assert all(tried[s].scores.mean() < tried[strength].scores.mean() + 0.03 for s in sparser)


def test_scores_on_folds_are_those_of_scikit_learn():
    data = planted(noise=0.5)
    cut = peers.folds(data, 0)
    ours = peers.tried(lambda: peers.tree(data), data, cut).scores
    theirs = cross_val_score(peers.tree(data), data.inputs, data.labels, cv=cut)
    np.testing.assert_allclose(ours, theirs)


def test_forward_selection_takes_what_scikit_learn_takes():
    draw = np.random.default_rng(2)
    inputs = draw.normal(size=(300, 6))
    labels = (inputs @ [2, 0, 1, 0, 0.5, 0] + draw.normal(size=300) > 0).astype(float)
    data = Labelled(inputs, labels, (False,) * 6, True)
    cut = peers.folds(data, 0)
    ours = selection.select(data, cut)
    learner = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    theirs = SequentialFeatureSelector(
        learner, n_features_to_select="auto", tol=1e-3, direction="forward", cv=cut
    ).fit(inputs, labels)
    assert sorted(ours.features) == np.flatnonzero(theirs.get_support()).tolist()
    means = ours.scores.mean(axis=1)
    assert (np.diff(means) > 1e-3).all()
    assert ours.features[0] == 0


def test_the_selection_stops_at_its_limit_and_says_so():
    data = planted(noise=0.3)
    found = selection.select(data, peers.folds(data, 0), most=1)
    assert len(found.features) == 1
    assert found.is_cut


def test_a_regression_has_peers_too():
    draw = np.random.default_rng(3)
    inputs = draw.normal(size=(200, 3))
    data = Labelled(inputs, 3 * inputs[:, 1] + 0.1 * draw.normal(size=200), (False,) * 3, False)
    cut = peers.folds(data, 0)
    strength, tried = peers.strength_of(data, cut)
    assert tried[strength].scores.mean() > 0.9
    terms = peers.terms_of(peers.fitted(peers.sparse(data, strength), data, np.arange(200)))
    assert terms[0]["feature"] == 1
    assert terms[0]["class"] is None
    assert selection.select(data, cut).features[0] == 1


def test_the_lines_of_the_tree_are_tests_with_their_rows():
    found = found_of("peers")
    lines = told.lines_of(found)
    assert sum(line["rows"] for line in lines if line["depth"] == 0) == found["rows"]
    leaves = [line for line in lines if line["answer"]]
    assert sum(line["rows"] for line in leaves) == found["rows"]


def test_the_sentences_name_the_peer_and_its_numbers():
    found = found_of("peers")
    texts = [one.text for one in told.said(found, None)]
    assert "the uploaded model cannot be fitted again" in texts[2]
    assert f"{found['selection']['of']} features" in texts[2]
    assert "not the uploaded model" in texts[3]
    assert told.said(found, None)[3].topic == "caution"
