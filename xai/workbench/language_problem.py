"""Continuations of a language model as methods see them: scores, gradients, attention, tokens."""

from __future__ import annotations

import numpy as np

from xai.units import FIXED, UnitProblem
from xai.vocabulary import Floats, Integers
from xai.workbench.continued import Continued
from xai.workbench.language import Language
from xai.workbench.language_attention import TokenAttention
from xai.workbench.language_gradients import TokenGradients
from xai.workbench.language_scores import KeptTokens, LanguageTokens, Sources
from xai.workbench.language_soft import SoftTokens


def problem(
    language: Language,
    samples: list[Continued],
    rows: Integers,
    seed: int,
    frequencies: Floats,
    sources: Sources | None = None,
) -> UnitProblem:
    """Return the problem of explaining every token of these continuations.

    Units are the tokens before the last one: the prompt, and outputs that later ones may rest on.
    A token is a player; special tokens stay.

    Parameters
    ----------
    frequencies : array of shape (v,)
        How often each token stands in the dataset.
    sources : Sources or None
        Word classes and a masked language model, where there are any.
    """
    players = tuple(_players(sample) for sample in samples)
    return UnitProblem(
        rows=rows,
        names=tuple(sample.pieces[:-1] for sample in samples),
        shapes=tuple((len(sample.ids) - 1,) for sample in samples),
        players=players,
        outputs=tuple(sample.pieces[sample.prompt :] for sample in samples),
        score=KeptTokens(language, samples, players),
        seed=seed,
        gradients=TokenGradients(language, samples),
        attention=TokenAttention(language, samples),
        causes=tuple(sample.causes for sample in samples),
        extras={
            "next_tokens": LanguageTokens(language, samples, frequencies, sources),
            "soft": SoftTokens(language, samples),
        },
    )


def _players(sample: Continued) -> Integers:
    free = ~sample.special[:-1]
    return np.where(free, np.cumsum(free) - 1, FIXED)
