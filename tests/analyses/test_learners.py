"""The learners: what they see of a table, and that nothing of a held-out row leaks in."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from xai.analyses import learners
from xai.analyses.encoder import Encoder
from xai.analyses.learners import Labelled


def mixed(n=80, seed=0):
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(n, 3))
    rows[:, 1] = draw.integers(0, 4, n)
    rows[draw.random(n) < 0.1, 0] = np.nan
    rows[draw.random(n) < 0.1, 1] = np.nan
    labels = (np.nan_to_num(rows[:, 0]) + (rows[:, 1] == 2) > 0.3).astype(float)
    return Labelled(rows, labels, (False, True, False), is_classification=True)


def test_numbers_are_filled_and_scaled_as_scikit_learn_does():
    rows = mixed().inputs[:, [0, 2]]
    ours = Encoder((False, False)).fit(rows).transform(rows)
    theirs = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit_transform(rows)
    np.testing.assert_allclose(ours, theirs)


def test_each_category_has_a_column_and_missing_is_one():
    data = mixed()
    encoder = Encoder(data.categorical).fit(data.inputs)
    found = encoder.transform(data.inputs)
    assert encoder.owner.tolist() == [0, 2, 1, 1, 1, 1, 1]
    assert encoder.code[2:].tolist() == [-1, 0, 1, 2, 3]
    assert (found[:, 2:].sum(axis=1) == 1).all()


def test_what_a_fit_does_not_see_does_not_move_its_encoding():
    data = mixed()
    half = data.inputs[:40]
    encoder = Encoder(data.categorical).fit(half)
    changed = data.inputs.copy()
    changed[40:, 0] = 1e6
    np.testing.assert_array_equal(
        encoder.transform(data.inputs)[:40], encoder.transform(changed)[:40]
    )


def test_ten_splits_hold_every_row_once_on_each_side():
    data = mixed()
    cut = learners.splits(data, 0)
    assert len(cut) == 10
    for (train, test), (other_train, other_test) in zip(cut[::2], cut[1::2], strict=True):
        assert sorted([*train, *test]) == list(range(80))
        assert set(test) == set(other_train)
        assert set(train) == set(other_test)


@pytest.mark.parametrize("slug", learners.slugs())
def test_every_learner_finds_a_planted_rule(slug):
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(300, 4))
    data = Labelled(inputs, (inputs[:, 2] > 0).astype(float), (False,) * 4, is_classification=True)
    model = learners.fit(slug, data, np.arange(200), 0)
    right = learners.answers(model, inputs[200:]) == data.labels[200:]
    assert right.mean() > 0.9
    shares = learners.shares(model, inputs[200:], 2)
    assert np.isnan(shares).all() if slug == "kernel" else np.allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize("slug", learners.slugs())
def test_every_learner_does_regressions(slug):
    draw = np.random.default_rng(2)
    inputs = draw.normal(size=(200, 2))
    data = Labelled(inputs, inputs[:, 0].round(), (False, False), is_classification=False)
    found = learners.answers(learners.fit(slug, data, np.arange(200), 0), inputs)
    assert np.corrcoef(found, data.labels)[0, 1] > 0.9
