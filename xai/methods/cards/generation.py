"""The cards of the methods for language models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xai.methods.card import Card, Parameter, Size
from xai.methods.cards import units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xai.vocabulary import Json

_STEPS_UNTIL_STOP = 20
"""Steps of a probe until its test passes, in the mean over easy and hopeless outputs: a guess."""


def _reagent(given: Mapping[str, Json], size: Size) -> int:
    probes, outputs = int(given["probes"]), size.outputs
    if given["variant"] == "fixed":
        return size.rows * (1 + probes * (int(given["steps"]) + outputs))
    steps = min(int(given["limit"]), _STEPS_UNTIL_STOP)
    updates = 1 if given["variant"] == "shared" else outputs
    return size.rows * (1 + probes * steps * (updates + outputs))


_REAGENT = Card(
    slug="reagent",
    colour=9,
    title="ReAGent",
    family="Perturbation",
    summary="Replaces context tokens at random, many times, and gathers evidence for those whose "
    "loss changes the prediction. Needs probabilities only. The values are shares: how peaked "
    "they are says how long it went on, not how sure it is. They answer “compared with what?”: "
    "the replacements are part of the question.",
    source="Zhao and Shan 2024, algorithm 1",
    module="xai.methods.perturbation.reagent",
    cost="probes × (steps + outputs) + 1 per prompt with a fixed budget; with the stop test "
    "2 × probes × steps per output",
    evaluations=_reagent,
    parameters=(
        Parameter(
            "variant",
            "choice",
            "fixed",
            "fixed: a budget of steps shared by all outputs, one stop test at the end. shared: "
            "a stop test after every step, perturbed contexts shared by all outputs. published: "
            "every output by itself.",
            choices=("fixed", "shared", "published"),
        ),
        Parameter(
            "source",
            "choice",
            "unigrams",
            "Where replacements come from, never the token itself. unigrams: tokens of the "
            "dataset, by frequency. masked: what a second upload, a masked language model, "
            "expects from both sides, sampled from its 50 best guesses. classes: tokens with "
            "like neighbours in the dataset. model: what the model expects from the left. "
            "Plausible words (masked, model) make predictable tokens look less important. "
            "uniform: any token; changes most, and leaves what the model was trained on.",
            choices=("unigrams", "masked", "classes", "model", "uniform"),
        ),
        Parameter("probes", "int", 16, "Independent walks of each output.", low=1, high=64),
        Parameter("steps", "int", 24, "Steps of each probe, fixed budget.", low=1, high=1000),
        Parameter(
            "limit",
            "int",
            200,
            "Steps after which a probe that did not stop is given up, and reported.",
            low=1,
            high=5000,
        ),
        Parameter("ratio", "float", 0.3, "Share of the context replaced.", low=0.01, high=0.9),
        Parameter(
            "kept", "float", 0.3, "Share of the context that the stop test keeps.", low=0, high=0.9
        ),
        Parameter(
            "top",
            "int",
            3,
            "The stop test passes when the token is among so many likeliest ones.",
            low=1,
            high=100,
        ),
        Parameter(
            "start",
            "choice",
            "zero",
            "zero: from no evidence. noise: from random numbers, as in the released code; what "
            "stops early is then mostly that noise.",
            choices=("zero", "noise"),
        ),
    ),
    is_signed=False,
    is_stochastic=True,
    is_recommended=True,
)

_PIECES = 1.4
"""Tokens of a word, in the mean of the usual vocabularies: for the estimate."""


def tokens_of(size: Size) -> int:
    """Return the tokens of a typical prompt and what is written, for the estimate."""
    return round(size.units * _PIECES) + size.outputs


def _of_tokens(card: Card, summary: str) -> Card:
    """Return a card of words as one of the tokens before each written token."""

    def evaluations(given: Mapping[str, Json], size: Size) -> int:
        # A token is not taken apart.
        return card.evaluations({**given, "inner": 0}, replace(size, units=tokens_of(size)))

    return replace(
        card,
        summary=summary,
        parameters=tuple(
            replace(p, help=p.help.replace("word", "token").replace("text", "prompt"))
            for p in card.parameters
            if p.name != "inner"
        ),
        evaluations=evaluations,
        cost=card.cost.split(", and ")[0].replace("text", "prompt").replace("word", "token"),
    )


def _of_outputs(
    card: Card, summary: str, evaluations: Callable[[Mapping[str, Json], Size], int], weight: float
) -> Card:
    """Return a card of classes as one of written tokens."""
    cost = card.cost.replace("text", "prompt")
    return replace(card, summary=summary, cost=cost, evaluations=evaluations, weight=weight)


_BACK, _BACK_THROUGH_MAPS = 2.2, 4.0
"""Forwards that a way there and back takes the time of, measured; attention maps are written down
where they need gradients, which forwards avoid."""
_DOUBLED = 0.22
"""Share of all steps up to the most that integrated gradients take, in the mean over written
tokens: measured, 115 of 300 on a small story model and 39 on a random one; between the two."""


def _path(given: Mapping[str, Json], size: Size) -> int:
    steps = total = int(given["steps"])
    while 2 * steps <= int(given["most"]):
        steps *= 2
        total += steps
    return size.rows * size.outputs * (2 + max(int(given["steps"]), round(_DOUBLED * total)))


def _draws(given: Mapping[str, Json], size: Size) -> int:
    return size.rows * size.outputs * (int(given["draws"]) + 2)


def _once(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows * size.outputs


def _look(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows


CARDS: tuple[Card, ...] = (
    _REAGENT,
    _of_tokens(
        units.SHAPLEY,
        "Shares the difference between a written token's log-probability and that without its "
        "context fairly among the tokens before it, with a standard error.",
    ),
    _of_outputs(
        units.INTEGRATED_GRADIENTS,
        "Gathers the gradient of a written token's log-probability along the straight line from "
        "the vocabulary's mean embedding to each token's own. The values sum to the difference "
        "of the two scores; the gap is reported.",
        _path,
        _BACK,
    ),
    _of_tokens(
        units.OCCLUSION,
        "How far the log-probability of a written token falls when one token before it is "
        "removed, the others kept.",
    ),
    _of_tokens(
        units.LIME,
        "Fits a linear model to the log-probability of each written token under random "
        "variations of what stands before it, and shows its coefficients. It explains that "
        "linear model; the fit says how well it stands for the real one.",
    ),
    _of_outputs(
        units.GRADIENT_SHAP,
        "Integrated gradients with a noisy input and random places along the line: smoother "
        "where the gradient is ragged, with a standard error.",
        _draws,
        _BACK,
    ),
    _of_outputs(
        units.INPUT_X_GRADIENT,
        "The gradient of a written token's log-probability by each token's embedding, times the "
        "embedding: cheap, and blind where the score is flat although the token matters.",
        _once,
        _BACK,
    ),
    _of_outputs(
        units.ATTENTION_RELEVANCE,
        "Attention weighted by how a written token's log-probability changes with it, gathered "
        "through the layers, as shares. What speaks against the token is cut to zero.",
        _once,
        _BACK_THROUGH_MAPS,
    ),
    _of_outputs(
        units.ATTENTION_ROLLOUT,
        "Multiplies the attention of all layers up to the place that predicts. Attention, not an "
        "attribution: the same whatever token was written, and no value says for or against. "
        "Shares, without the token that starts the text.",
        _look,
        2.0,
    ),
    _of_outputs(
        units.ATTENTION_LAST,
        "Where the place that predicts looks in the last layer, raw, as shares without the "
        "token that starts the text. By then every position is a mixture of all before it.",
        _look,
        2.0,
    ),
    _of_tokens(units.RANDOM, units.RANDOM.summary),
)
"""In the order of the form and the pages."""
