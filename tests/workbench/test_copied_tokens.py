"""The model copies one token of its context: which methods say so?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.assets.folders import WORDS
from tests.workbench.copier import copying_language_model
from xai.methods import catalogue
from xai.methods.perturbation import reagent
from xai.workbench.continued import Writing, continued
from xai.workbench.language import open_language
from xai.workbench.language_problem import problem

BACK = 5


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    path = copying_language_model(tmp_path_factory.mktemp("m") / "m.zip", back=BACK)
    language = open_language(str(path))
    draw = np.random.default_rng(0)
    prompts = [" ".join(draw.permutation(WORDS)[:10]) for _ in range(12)]
    samples = [
        continued(language, prompt, None, Writing(5, 0.0, 0), row)
        for row, prompt in enumerate(prompts)
    ]
    counts = np.bincount(np.concatenate([one.ids for one in samples]), minlength=language.size)
    frequencies = np.where(language.ordinary, counts, 0).astype(float)
    return samples, problem(language, samples, np.arange(12), 0, frequencies)


def hits(found, posed):
    """Share of outputs whose highest value is at the token that was copied."""
    return np.mean(
        [
            values[output].argmax() == causes[output] - BACK
            for values, causes in zip(found.values, posed.causes, strict=True)
            for output in range(len(causes))
        ]
    )


def test_the_model_copies(copied):
    samples, _ = copied
    for one in samples:
        for cause in one.causes:
            assert one.ids[cause] == one.ids[cause - BACK]


@pytest.mark.parametrize("source", ["unigrams", "uniform", "model", "classes"])
def test_reagent_ranks_the_copied_token_first(copied, source):
    found = reagent.attribute(copied[1], reagent.Params(source=source))
    assert hits(found, copied[1]) >= 0.95


@pytest.mark.parametrize("slug", ["shapley", "occlusion", "lime", "integrated_gradients"])
def test_rivals_rank_the_copied_token_first(copied, slug):
    module = catalogue.load(slug, catalogue.GENERATION)
    assert hits(module.attribute(copied[1], module.Params()), copied[1]) >= 0.95


def test_removing_the_copied_token_alone_moves_the_score(copied):
    posed = copied[1]
    players = posed.player_counts[0]
    kept = np.concatenate([np.ones((1, players), bool), ~np.eye(players, dtype=bool)])
    scores = posed.score(kept, np.zeros(players + 1, dtype=int))
    drops = scores[0] - scores[1:]
    for output, cause in enumerate(posed.causes[0]):
        assert drops[:, output].argmax() == cause - BACK - 1
        assert np.sort(np.abs(drops[:, output]))[-2] < 0.2 * drops[:, output].max()


@pytest.mark.parametrize("slug", ["attention_rollout", "attention_last", "attention_relevance"])
def test_the_one_head_that_copies_is_seen_by_attention(copied, slug):
    module = catalogue.load(slug, catalogue.GENERATION)
    found = module.attribute(copied[1], module.Params())
    assert hits(found, copied[1]) >= 0.95
    for values in found.values:
        np.testing.assert_allclose(values.sum(axis=1), 1)


@pytest.mark.parametrize("slug", catalogue.of(catalogue.GENERATION))
def test_no_method_gives_a_value_to_what_comes_after_the_output(copied, slug):
    module = catalogue.load(slug, catalogue.GENERATION)
    posed = copied[1]
    found = module.attribute(posed, module.Params())
    for values, causes in zip(found.values, posed.causes, strict=True):
        assert np.isfinite(values).all()
        for output, cause in enumerate(causes):
            assert not values[output, cause:].any()
            assert not values[output, 0].any(), "the token that starts the text stays"
