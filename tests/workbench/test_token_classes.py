"""Word classes learned from a planted grammar: what stands alike comes together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.workbench.test_generation import RECIPE, payload  # noqa: F401 - a fixture
from xai.methods.perturbation import reagent
from xai.methods.perturbation.reagent_source import placed, replacement
from xai.workbench import generation
from xai.workbench.token_classes import FEWEST, learn

GROUPS = (range(1, 5), range(5, 25), range(25, 45), range(45, 49))
"""Articles, nouns, verbs, adverbs."""


def sentences(count=4_000, seed=0):
    draw = np.random.default_rng(seed)
    return [[int(draw.choice(group)) for group in GROUPS] for _ in range(count)]


def purity(classes):
    """Return the share of tokens that lie in a class together with mostly their own kind."""
    right = 0
    kind = {token: at for at, group in enumerate(GROUPS) for token in group}
    for name in np.unique(classes[classes >= 0]):
        members = [kind[t] for t in np.flatnonzero(classes == name)]
        right += np.bincount(members).max()
    return right / (classes >= 0).sum()


def test_the_classes_of_a_planted_grammar_are_found():
    classes = learn(sentences(), 60)
    assert (classes[1:49] >= 0).all()
    assert purity(classes) == 1.0


def test_shuffled_sentences_have_no_classes_to_find():
    mixed = np.random.default_rng(1).permutation(np.ravel(sentences()))
    shuffled = mixed.reshape(-1, len(GROUPS)).tolist()
    assert purity(learn(shuffled, 60)) < 0.9


def test_what_is_rare_or_unseen_has_no_class():
    classes = learn([*sentences(), *[[50, 51]] * (FEWEST - 1)], 60)
    assert (classes[[0, 50, 51, 59]] == -1).all()
    assert (learn([], 60) == -1).all()
    assert (learn([[1]], 60) == -1).all()


def test_the_same_data_give_the_same_classes():
    np.testing.assert_array_equal(learn(sentences(), 60), learn(sentences(), 60))


def test_sentences_do_not_touch():
    # The last word of one and the first of the next are no neighbours.
    apart = learn([[1, 2], [3, 4]] * 50, 6)
    again = learn([[3, 4], [1, 2]] * 50, 6)
    np.testing.assert_array_equal(apart >= 0, again >= 0)


def test_replacements_are_other_tokens_of_the_same_class(payload, tmp_path):  # noqa: F811
    data = tmp_path / "many.csv"
    draw = np.random.default_rng(0)
    kinds = (("the", "a"), ("dog", "cat", "boy", "girl"), ("is", "was"), ("good", "bad", "sad"))
    lines = [" ".join(draw.choice(kind) for kind in kinds) for _ in range(300)]
    data.write_text("prompt\n" + "\n".join(lines) + "\n")
    both = payload | {"dataset": str(data)}
    task = generation.pose(both, replace(RECIPE, tokens=2), 0, 0, 3)
    access = task.extras["next_tokens"]
    words = access.tokens[0][1:5]
    uniform = np.random.default_rng(0).random((400, len(access.tokens[0]) - 1))
    drawn = replacement(access, 0, "classes")(uniform)[:, 1:5]
    for place, token in enumerate(words):
        assert (drawn[:, place] != token).all()
        assert (access.classes[drawn[:, place]] == access.classes[token]).mean() in {0.0, 1.0}
    assert placed(access, 0, "classes")[1:5].any()
    found = reagent.attribute(task, reagent.Params(source="classes", probes=4, steps=4))
    assert "no tagger" in found.notes["replacements"]
