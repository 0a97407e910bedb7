"""Text can be read in both schemes: contrast computed from the tokens (WCAG 2.2, level AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css").read_text()
PAIRS = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
COLOURS = {name: (light, dark) for name, light, dark in PAIRS}
GROUNDS = ("ground", "surface")

TEXT = [(ink, ground) for ink in ("ink", "muted", "accent", "accent-strong", "bad", "good", "warn")
        for ground in GROUNDS]  # fmt: skip
TEXT += [
    ("ink", ground) for ground in ("sunken", "tint", "good-ground", "warn-ground", "bad-ground")
]
TEXT += [("muted", "sunken"), ("muted", "tint"), ("accent", "tint"), ("on-accent", "accent")]
TEXT += [("on-accent", "accent-strong"), ("raises", "surface"), ("lowers", "surface")]
TEXT += [(kind, f"{kind}-ground") for kind in ("good", "warn", "bad")]
SHAPES = [(f"method-{i}", ground) for i in range(1, 17) for ground in GROUNDS]
SHAPES += [("edge", "surface"), ("edge", "ground"), ("accent", "sunken"), ("scale-6", "surface")]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_defined():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_has_a_contrast_of_at_least_4_5(ink, ground, scheme):
    assert contrast(COLOURS[ink][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), SHAPES)
def test_shapes_have_a_contrast_of_at_least_3(ink, ground, scheme):
    assert contrast(COLOURS[ink][scheme], COLOURS[ground][scheme]) >= 3


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_sequential_scale_goes_one_way(scheme):
    steps = [luminance(COLOURS[f"scale-{i}"][scheme]) for i in range(7)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))


def test_zero_and_none_look_like_the_surface():
    assert COLOURS["zero"] == COLOURS["scale-0"] == COLOURS["surface"]
