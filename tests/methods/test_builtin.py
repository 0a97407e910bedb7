"""Built-in importance is handed through, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.methods.problems import curved, problem
from xai.errors import NotApplicable
from xai.methods.builtin import Params, rank
from xai.vocabulary import Importance


def test_hands_on_what_the_model_carries():
    carried = tuple(Importance(("a",), np.ones(1), "gain", variant=v) for v in ("gain", "split"))
    given = problem(curved, builtin=lambda: carried)
    assert rank(given, Params()) == carried
    assert given.score.rows == 0


def test_a_model_without_any_is_refused():
    with pytest.raises(NotApplicable, match="carries no importance"):
        rank(problem(curved), Params())
