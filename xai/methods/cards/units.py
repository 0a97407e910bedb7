"""Cards that texts, language models and images share: their kinds change words and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai.methods.card import Card, Parameter, Size
from xai.methods.shapley.budget import inner_coalitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xai.vocabulary import Json

PARTED = 0.2
"""Share of words that have several tokens, in a typical text and vocabulary: for the estimate."""
BACKWARD = 2.0
"""Evaluations that a forward and a backward pass take the time of, weights fixed."""


def _shapley(given: Mapping[str, Json], size: Size) -> int:
    players = max(size.units, 1)
    inner = inner_coalitions(players, int(given["coalitions"]), int(given["exact_up_to"]))
    inside = 2 * (int(given["inner"]) // 2) * 3.5 * PARTED * players
    return size.rows * int(2 + inner + inside)


def _occlusion(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows * (1 + size.units)


def _lime(given: Mapping[str, Json], size: Size) -> int:
    return size.rows * int(given["samples"])


def _random(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows * 2


def _path(given: Mapping[str, Json], size: Size) -> int:
    passes = int(given["steps"] if "steps" in given else given["draws"]) + 2
    return int(BACKWARD * size.rows * size.outputs * passes)


def _gradient(_given: Mapping[str, Json], size: Size) -> int:
    return int(BACKWARD * size.rows * size.outputs)


def _deeplift(_given: Mapping[str, Json], size: Size) -> int:
    return int(BACKWARD * size.rows * size.outputs * 4)


def _attention(_given: Mapping[str, Json], size: Size) -> int:
    return 2 * size.rows


SHAPLEY = Card(
    slug="shapley",
    colour=1,
    title="Shapley values",
    family="Shapley values",
    summary="Shares the difference between the score and the score of a text without its words "
    "fairly among the words. Exact for short texts, otherwise estimated with a standard error.",
    source="Shapley 1953; tokens within a word: Owen 1977",
    module="xai.methods.shapley.units",
    cost="coalitions per text, and inner × (tokens + 1) per word of several tokens",
    evaluations=_shapley,
    parameters=(
        Parameter(
            "coalitions",
            "int",
            256,
            "How many combinations of words are tried when not all can be; at least 6 per word. "
            "More cost more and shrink the standard error.",
            low=16,
            high=4096,
        ),
        Parameter(
            "exact_up_to",
            "int",
            8,
            "With at most this many words every combination is tried, and nothing is estimated.",
            low=1,
            high=12,
        ),
        Parameter(
            "inner",
            "int",
            8,
            "How often the tokens of a word of several are taken apart to divide its value among "
            "them; 0 divides it equally.",
            low=0,
            high=64,
        ),
    ),
    is_stochastic=True,
    is_complete=True,
    is_recommended=True,
)

OCCLUSION = Card(
    slug="occlusion",
    colour=3,
    title="Occlusion",
    family="Perturbation",
    summary="How far the score falls when one word is removed, the others kept.",
    source="Zeiler and Fergus, ECCV 2014; Li, Monroe and Jurafsky 2016",
    module="xai.methods.perturbation.occlusion_units",
    cost="words + 1 per text",
    evaluations=_occlusion,
    is_recommended=True,
)

LIME = Card(
    slug="lime",
    colour=4,
    title="LIME",
    family="Surrogate",
    summary="Fits a linear model to the score of random variations of the text and shows its "
    "coefficients. It explains that linear model; the fit says how well it stands for the real "
    "one.",
    source="Ribeiro, Singh and Guestrin, KDD 2016",
    module="xai.methods.surrogates.lime_units",
    cost="samples per text",
    evaluations=_lime,
    parameters=(
        Parameter(
            "samples", "int", 500, "How many variations of each text are scored.", low=50, high=5000
        ),
        Parameter(
            "width",
            "float",
            0.25,
            "How fast variations lose weight as more words are removed, on the cosine distance "
            "from 0 to 1. Smaller is more local.",
            low=0.02,
            high=10,
        ),
        Parameter(
            "ridge",
            "float",
            1.0,
            "How strongly coefficients are pulled to zero.",
            low=1e-6,
            high=1000,
        ),
    ),
    is_stochastic=True,
)

RANDOM = Card(
    slug="random",
    colour=16,
    title="Random values",
    family="Control",
    summary="Knows nothing. A method that agrees with the others no more than this one does has "
    "shown nothing.",
    source="a control of our own",
    module="xai.methods.random_units",
    cost="2 per text, to find the scale",
    evaluations=_random,
    is_stochastic=True,
    is_recommended=True,
)

INTEGRATED_GRADIENTS = Card(
    slug="integrated_gradients",
    colour=2,
    title="Integrated gradients",
    family="Gradient",
    summary="Gathers the gradient of the score along the straight line from a blank input to this "
    "one. The values sum to the difference of the two scores; the gap is reported.",
    source="Sundararajan, Taly and Yan, ICML 2017",
    module="xai.methods.gradient.integrated_gradients",
    cost="steps + 2 forward and backward passes per output, more where the gap asks for them",
    evaluations=_path,
    needs=("gradient",),
    parameters=(
        Parameter("steps", "int", 20, "Places along the line, at first.", low=2, high=300),
        Parameter(
            "gap",
            "float",
            0.01,
            "Steps are doubled while the values miss the change of the score by more than this "
            "share of it.",
            low=1e-5,
            high=1,
        ),
        Parameter("most", "int", 160, "Steps that are never exceeded.", low=2, high=1000),
    ),
    is_complete=True,
    is_recommended=True,
)

INPUT_X_GRADIENT = Card(
    slug="input_x_gradient",
    colour=6,
    title="Input × gradient",
    family="Gradient",
    summary="The gradient of the score at the input, times the input: cheap, and blind where the "
    "score is flat although the input matters.",
    source="Shrikumar et al. 2016",
    module="xai.methods.gradient.input_x_gradient",
    cost="1 forward and backward pass per output",
    evaluations=_gradient,
    needs=("gradient",),
)

GRADIENT_SHAP = Card(
    slug="gradient_shap",
    colour=8,
    title="Gradient SHAP",
    family="Gradient",
    summary="Integrated gradients with a noisy input and random places along the line: smoother "
    "where the gradient is ragged, with a standard error.",
    source="Lundberg and Lee 2017; Erion et al. 2021",
    module="xai.methods.gradient.gradient_shap",
    cost="draws + 2 forward and backward passes per output",
    evaluations=_path,
    needs=("gradient",),
    parameters=(
        Parameter("draws", "int", 32, "Random places and noises.", low=2, high=512),
        Parameter(
            "noise",
            "float",
            0.1,
            "Standard deviation of the noise, in standard deviations of the input's own numbers.",
            low=0,
            high=2,
        ),
    ),
    is_stochastic=True,
)

DEEPLIFT = Card(
    slug="deeplift",
    colour=9,
    title="DeepLIFT",
    family="Gradient",
    summary="Follows the difference between this input and a blank one through the network: each "
    "step passes on its mean slope between the two. The values sum to the difference of the two "
    "scores; the gap is reported. Undefined where a network sorts or routes, which the run says.",
    source="Shrikumar, Greenside and Kundaje, ICML 2017",
    module="xai.methods.gradient.deeplift",
    cost="about 4 forward and backward passes per output, more where the gap asks for them",
    evaluations=_deeplift,
    needs=("gradient",),
    parameters=(
        Parameter(
            "nodes",
            "int",
            8,
            "Places between the two inputs where softmax and normalisation are differentiated, at "
            "first.",
            low=1,
            high=64,
        ),
        Parameter(
            "gap",
            "float",
            0.01,
            "Places are doubled while the values miss the change of the score by more than this "
            "share of it.",
            low=1e-5,
            high=1,
        ),
        Parameter("most", "int", 64, "Places that are never exceeded.", low=1, high=256),
    ),
    is_complete=True,
)

ATTENTION_ROLLOUT = Card(
    slug="attention_rollout",
    colour=5,
    title="Attention rollout",
    family="Attention",
    summary="Multiplies the attention of all layers. Attention, not an attribution, and not "
    "class-specific: every class gets the same picture, and no value says for or against.",
    source="Abnar and Zuidema, ACL 2020",
    module="xai.methods.attention.rollout",
    cost="1 forward pass",
    evaluations=_attention,
    needs=("attention",),
    is_signed=False,
    is_class_specific=False,
)

ATTENTION_RELEVANCE = Card(
    slug="attention_relevance",
    colour=10,
    title="Attention relevance",
    family="Attention",
    summary="Attention weighted by how the score changes with it, gathered through the layers: "
    "class-specific. What speaks against the class is cut to zero.",
    source="Chefer, Gur and Wolf, ICCV 2021",
    module="xai.methods.attention.relevance",
    cost="1 forward and backward pass per output",
    evaluations=_gradient,
    needs=("attention", "gradient"),
    is_signed=False,
    is_recommended=True,
)

ATTENTION_LAST = Card(
    slug="attention_last",
    colour=11,
    title="Attention of the last layer",
    family="Attention",
    summary="Where the place that is read looks in the last layer, raw. Not class-specific, and "
    "by then every position is a mixture of the whole input.",
    source="Vaswani et al. 2017; Jain and Wallace 2019",
    module="xai.methods.attention.last",
    cost="1 forward pass",
    evaluations=_attention,
    needs=("attention",),
    is_signed=False,
    is_class_specific=False,
)
