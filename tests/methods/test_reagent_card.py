from __future__ import annotations

from pathlib import Path

import pytest

from tests.methods.language import Recurrent, continued
from xai.methods import catalogue
from xai.methods.card import Size
from xai.methods.perturbation import reagent

CARD = catalogue.card("reagent", catalogue.GENERATION)
PAGE = (Path(__file__).resolve().parents[2] / "docs/methods/reagent.md").read_text()


def test_the_card_and_the_page_name_every_parameter():
    made = reagent.Params()
    assert {p.name: p.default for p in CARD.parameters} == {
        name: getattr(made, name) for name in type(made).__dataclass_fields__
    }
    assert all(f"| `{p.name}` | {p.default} |" in PAGE for p in CARD.parameters)


def test_the_cost_of_a_fixed_budget_is_what_is_evaluated():
    posed = continued(Recurrent(), prompts=3, length=8, outputs=4)
    params = CARD.read({"steps": 5, "probes": 2})
    found = reagent.attribute(posed, reagent.Params(**params))
    assert found.evaluations == CARD.evaluations(params, Size(3, 0, 0, outputs=4, units=11))


@pytest.mark.parametrize("variant", ["shared", "published"])
def test_the_guess_for_stop_tests_is_no_more_than_the_limit(variant):
    size = Size(2, 0, 0, outputs=3, units=11)
    few = CARD.evaluations(CARD.read({"variant": variant, "limit": 1}), size)
    assert few <= 2 * (1 + 16 * 2 * 3)
    assert few < CARD.evaluations(CARD.read({"variant": variant}), size)
