"""The small story model among the real models: long contexts, shares, seeds."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.shared import FOLDER, needs_shared
from xai.assets.packing import pack
from xai.methods.perturbation.reagent import Params, attribute
from xai.vocabulary import Recipe
from xai.workbench import generation
from xai.workbench.continued import Writing, continued
from xai.workbench.language_problem import problem

PROMPTS = FOLDER / "text/tinystories_prompts_100.jsonl"
MODEL = FOLDER / "models/stories260K-llama"
RECIPE = Recipe("m", "d", (), rows="first:3", kind="text-generation", text="prompt", tokens=6)

TOOLS = (continued, Writing, problem, pack)
"""What the process of `LONG` takes from here."""

LONG = """
import json, re, tempfile
import numpy as np
from pathlib import Path
from tests.workbench import test_story_model as here
with tempfile.TemporaryDirectory() as folder:
    path = here.pack(here.MODEL, Path(folder) / "m.zip")
    language = here.generation.open_language(str(path))
    lines = [json.loads(line) for line in here.PROMPTS.read_text().splitlines()]
    text = " ".join(line["prompt"] + " " + line["reference"] for line in lines[:10])
    one = here.continued(language, text, None, here.Writing(32, 0.0, 0), 0)
    assert (one.prompt, len(one.ids)) == (480, 512), (one.prompt, len(one.ids))
    even = language.ordinary.astype(float)
    task = here.problem(language, [one], np.arange(1), 0, even)
    found = here.attribute(task, here.Params(steps=2))
    assert np.allclose(found.values[0].sum(axis=1), 1)
# Its own peak: the usage that the system reports begins with that of the process that started it.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    path = pack(MODEL, tmp_path_factory.mktemp("story") / "m.zip")
    return {"model": str(path), "format": "hf-text-generation", "dataset": str(PROMPTS)}


@pytest.mark.slow
@needs_shared
def test_it_goes_on_with_the_story(payload):
    _, facts = generation.predictions(payload, RECIPE, (0, 3), lambda *_: None)
    first = json.loads(PROMPTS.read_text().splitlines()[0])["prompt"]
    shown = facts["samples"][0]
    assert shown["text"].startswith(first)
    assert facts["target_texts"][0].startswith(" ")
    assert shown["words"][shown["prompt_units"] - 1] + 1 == len(first.split())
    assert all(log <= 0 for log in shown["logprobs"])


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("variant", ["fixed", "shared", "published"])
def test_shares_sum_to_one_and_a_seed_gives_them_again(payload, variant):
    params = Params(variant=variant, probes=4, limit=20)
    found = [attribute(generation.pose(payload, RECIPE, seed, 0, 3), params) for seed in (0, 0, 1)]
    for values in found[0].values:
        np.testing.assert_allclose(values.sum(axis=1), 1)
    for one, same, other in zip(*(each.values for each in found), strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


@pytest.mark.slow
@needs_shared
def test_a_long_context_with_many_outputs_fits():
    """480 tokens before 32 outputs, at the number of probes that the page starts with."""
    done = subprocess.run([sys.executable, "-c", LONG], check=True, capture_output=True, text=True)
    assert int(done.stdout.split()[-1]) * 1024 < 2e9
