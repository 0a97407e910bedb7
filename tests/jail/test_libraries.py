"""The libraries that models need work in the jail, each in a child of its own."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from xai.errors import LimitExceeded

SECONDS = 180
QUICK = ("numpy", "scipy", "pandas", "pyarrow", "sklearn", "xgboost", "lightgbm", "onnxruntime")
SLOW = ("skops", "shap", "torch", "transformers", "tokenizers", "pillow")


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)])
def test_it_computes_in_the_jail(full_isolation, start, name):
    if find_spec({"pillow": "PIL"}.get(name, name)) is None:
        pytest.skip(f"{name} is not installed")
    assert start("libraries").ask(name, None, wall_s=SECONDS)


def test_onnxruntime_at_the_memory_limit(full_isolation, start):
    with pytest.raises(LimitExceeded, match="more than 1024 MB of memory"):
        start("libraries", memory_mb=1024).ask("onnxruntime_to_take_8_gb", None, wall_s=SECONDS)
