from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.assets.folders import tiny_language_model
from xai.errors import MissingColumn, XaiError
from xai.vocabulary import MethodChoice, Recipe, ignore_progress
from xai.workbench import generation

ROWS = (
    ("the girl and the dog", "was very good ."),
    ("it was a day", "and the boy was not sad ."),
    ("a cat", "and a ball in the park ."),
    ("you and i", "is the end"),
)
RECIPE = Recipe("m", "d", (), rows="all", kind="text-generation", text="prompt", tokens=4)


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generation")
    model = tiny_language_model(folder / "m.zip")
    data = folder / "prompts.jsonl"
    data.write_text(
        "\n".join(
            json.dumps({"prompt": p, "reference": r, "n": i}) for i, (p, r) in enumerate(ROWS)
        )
    )
    return {"model": str(model), "format": "hf-text-generation", "dataset": str(data)}


def test_the_columns_of_prompts_and_continuations_are_found(payload):
    found = generation.fit(payload)
    assert (found["text"], found["continuation"]) == ("prompt", "reference")
    assert found["notes"] == ["Prompts are read from 'prompt'; continuations from 'reference'."]
    assert generation.fit(payload | {"text": "reference"})["text"] == "reference"
    with pytest.raises(MissingColumn):
        generation.fit(payload | {"text": "story"})


def test_predictions_say_what_was_written_and_how_likely_it_is(payload):
    arrays, facts = generation.predictions(payload, RECIPE, (1, 3), ignore_progress)
    assert arrays["rows"].tolist() == [1, 2]
    assert arrays["outputs"].shape == (2, 1)
    for row, sample in enumerate(facts["samples"]):
        assert arrays["outputs"][row, 0] == pytest.approx(sum(sample["logprobs"]), abs=1e-4)
        assert sample["text"].startswith(ROWS[row + 1][0])
        assert len(sample["outputs"]) == len(sample["logprobs"]) <= 4
        units = len(sample["tokens"])
        assert units == sample["prompt_units"] + len(sample["outputs"]) - 1
        assert len(sample["words"]) == len(sample["special"]) == len(sample["spans"]) == units
        assert facts["target_texts"][row] == "".join(sample["outputs"])
    np.testing.assert_allclose(arrays["probabilities"], np.exp(arrays["outputs"]))


def test_a_given_continuation_is_what_is_explained(payload):
    recipe = replace(RECIPE, continuation="reference")
    _, facts = generation.predictions(payload, recipe, (0, 4), ignore_progress)
    assert facts["target_texts"] == [
        " was very good .",
        " and the boy was",
        " and a ball <unk>",
        " is the end",
    ]


def test_the_problem_fits_the_predictions(payload):
    _, facts = generation.predictions(payload, RECIPE, (0, 4), ignore_progress)
    posed = generation.pose(payload, RECIPE, 5, 0, 4)
    assert posed.seed == 5
    assert posed.rows.tolist() == [0, 1, 2, 3]
    for row, sample in enumerate(facts["samples"]):
        assert list(posed.names[row]) == sample["tokens"]
        assert list(posed.outputs[row]) == sample["outputs"]
        assert posed.causes[row][0] == sample["prompt_units"]
        assert posed.players[row][0] == -1
        assert posed.players[row][1:].tolist() == list(range(len(sample["tokens"]) - 1))
    whole = posed.score(np.ones((4, max(posed.player_counts)), bool), np.arange(4))
    for row, sample in enumerate(facts["samples"]):
        count = len(sample["logprobs"])
        np.testing.assert_allclose(whole[row, :count], sample["logprobs"], atol=1e-4)


def test_a_part_of_the_rows_is_posed_as_in_the_whole(payload):
    recipe = replace(RECIPE, temperature=1.0)
    whole = generation.pose(payload, recipe, 0, 0, 4)
    generation._kept.clear()
    part = generation.pose(payload, recipe, 0, 2, 4)
    assert part.outputs == whole.outputs[2:]
    assert part.names == whole.names[2:]


def test_tokens_of_the_dataset_are_counted_without_special_ones(payload):
    posed = generation.pose(payload, RECIPE, 0, 0, 1)
    access = posed.extras["next_tokens"]
    language = generation.open_language(payload["model"])
    the = language.tokenizer.convert_tokens_to_ids("the")
    assert access.frequencies[the] == sum(p.split().count("the") for p, _ in ROWS)
    assert access.frequencies[language.tokenizer.bos_token_id] == 0


def test_prompts_that_are_cut_are_counted_over_all_chosen_rows(payload, tmp_path):
    data = tmp_path / "long.csv"
    data.write_text("prompt\n" + "the dog " * 80 + "\nthe cat\n" + "a day " * 70 + "\n")
    both = payload | {"dataset": str(data)}
    asked = replace(RECIPE, methods=(MethodChoice("reagent", {"probes": 8}),))
    (caution,) = generation.about(both, asked)["warnings"]
    assert caution.startswith("2 of 3 prompts are longer than the 128 tokens")
    assert generation.about(payload, RECIPE)["warnings"] == []
    _, facts = generation.predictions(both, RECIPE, (0, 3), ignore_progress)
    assert [sample["cut"] > 0 for sample in facts["samples"]] == [True, False, True]


def test_a_row_without_a_prompt_is_one_sentence(payload, tmp_path):
    data = tmp_path / "gaps.csv"
    data.write_text("prompt,more\nthe dog,is\nthe cat,\n")
    recipe = replace(RECIPE, continuation="more")
    with pytest.raises(XaiError, match="Row 1 has an empty continuation"):
        generation.pose(payload | {"dataset": str(data)}, recipe, 0, 0, 2)
