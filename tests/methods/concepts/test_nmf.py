"""Factorisations against scikit-learn, and planted directions found again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai.errors import InvalidParameter
from xai.methods.concepts import dictionaries
from xai.methods.concepts.nmf import nmf, semi_nmf
from xai.methods.concepts.quality import matched

KINDS = list(dictionaries.FITS)


def planted(seed=0, m=400, c=30, r=4, signed=False):
    """Return activations made of r sparse directions, and the directions."""
    rng = np.random.default_rng(seed)
    bank = rng.random((r, c)) * (rng.random((r, c)) < 0.4)
    if signed:
        bank *= rng.choice([-1, 1], size=bank.shape)
    codes = rng.random((m, r)) * (rng.random((m, r)) < 0.5)
    bank /= np.linalg.norm(bank, axis=1, keepdims=True)
    return torch.tensor(codes @ bank).float(), torch.tensor(bank).float()


def test_is_as_near_as_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    rng = np.random.default_rng(0)
    rows = torch.tensor(rng.gamma(0.7, size=(300, 40))).float()
    theirs = decomposition.NMF(6, init="nndsvda", max_iter=2000, tol=1e-6)
    codes = theirs.fit_transform(rows.numpy())
    expected = np.linalg.norm(rows.numpy() - codes @ theirs.components_)
    dictionary, ours = nmf(rows, 6)
    assert float((rows - dictionary.decode(ours)).norm()) <= 1.002 * expected


def test_the_coefficients_are_those_of_scikit_learns_transform():
    decomposition = pytest.importorskip("sklearn.decomposition")
    rows, _bank = planted()
    dictionary, _codes = nmf(rows, 4)
    codes, _, _ = decomposition.non_negative_factorization(
        rows.numpy(),
        H=dictionary.bank.numpy(),
        n_components=4,
        init="custom",
        update_H=False,
        max_iter=20000,
        tol=1e-7,
    )
    np.testing.assert_allclose(dictionary.encode(rows), codes, atol=1e-3)


@pytest.mark.parametrize("signed", [False, True])
def test_planted_directions_are_found(signed):
    rows, bank = planted(signed=signed)
    dictionary, _codes = semi_nmf(rows, 4) if signed else nmf(rows, 4)
    assert matched(dictionary.bank, bank) < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_concepts_have_length_one_and_codes_fit_them(kind):
    rows, _bank = planted()
    dictionary, codes = dictionaries.fit(kind, rows, 4, seed=0)
    np.testing.assert_allclose(dictionary.bank.norm(dim=1), 1, atol=1e-5)
    np.testing.assert_allclose(dictionary.encode(rows), codes, atol=1e-4)
    assert dictionary.encode(rows.reshape(20, 4, 5, -1)).shape == (20, 4, 5, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_concepts(kind):
    rows, _bank = planted()
    first, second = (dictionaries.fit(kind, rows, 3, seed=5)[0].bank for _again in range(2))
    np.testing.assert_array_equal(first, second)


def test_pca_is_the_nearest_of_all():
    rows, _bank = planted(seed=3)
    errors = {}
    for kind in KINDS:
        dictionary, codes = dictionaries.fit(kind, rows, 3, seed=0)
        errors[kind] = float((rows - dictionary.decode(codes)).norm())
    assert min(errors, key=errors.get) == "pca"
    values = torch.linalg.svdvals(rows)
    assert errors["pca"] == pytest.approx(float(values[3:].square().sum().sqrt()), rel=1e-4)


def test_signs_decide_what_is_suited():
    assert dictionaries.suited(torch.rand(50, 5)) == "nmf"
    assert dictionaries.suited(torch.randn(50, 5)) == "semi_nmf"


def test_more_concepts_than_channels_are_refused():
    with pytest.raises(InvalidParameter, match="at most 5"):
        nmf(torch.rand(50, 5), 6)
