"""The catalogue finds methods and says what there is; it is light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from xai.errors import InvalidParameter
from xai.methods import catalogue


def test_an_unknown_method_is_answered_with_the_list():
    with pytest.raises(InvalidParameter) as caught:
        catalogue.card("shap")
    assert str(caught.value).startswith("There is no method 'shap'; the methods are: shapley, ")


def test_loading_an_unknown_method_is_answered_alike():
    with pytest.raises(InvalidParameter, match="There is no method"):
        catalogue.load("../etc")


def test_the_recommended_methods_run_on_every_table():
    found = catalogue.recommended("tabular")
    assert found == ("shapley", "grouped_shapley", "occlusion", "permutation", "random")
    assert not any(catalogue.card(slug).needs for slug in found)


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(InvalidParameter, match=r"no kind 'audio'; the kinds are: tabular, text-"):
        catalogue.recommended("audio")


def test_slugs_are_the_keys():
    for cards in catalogue.KINDS.values():
        assert all(slug == card.slug for slug, card in cards.items())


def test_importing_the_catalogue_imports_no_method_and_no_scipy():
    code = (
        "import sys, xai.methods.catalogue as c\n"
        "assert 'scipy' not in sys.modules\n"
        "cards = [card for kind in c.KINDS.values() for card in kind.values()]\n"
        "assert not {card.module for card in cards} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_methods_import_no_model_library():
    code = (
        "import sys, xai.methods.catalogue as c\n"
        "[c.load(slug) for slug in c.of(c.TABULAR)]\n"
        "assert not {'sklearn', 'shap', 'pandas', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_methods_of_one_kind_differ_in_colour_and_controls_are_grey(kind):
    cards = catalogue.of(kind).values()
    colours = [card.colour for card in cards if card.family != "Control"]
    assert len(set(colours)) == len(colours)
    assert max(colours, default=1) <= 15
    assert all(card.colour == 16 for card in cards if card.family == "Control")
