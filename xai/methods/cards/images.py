"""The cards of the methods for image classifiers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xai.methods.card import Card, Parameter, Size
from xai.methods.cards.craft import CRAFT
from xai.methods.cards.units import (
    ATTENTION_RELEVANCE,
    ATTENTION_ROLLOUT,
    INPUT_X_GRADIENT,
    INTEGRATED_GRADIENTS,
    LIME,
    OCCLUSION,
    RANDOM,
    SHAPLEY,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xai.vocabulary import Json


def _rise(given: Mapping[str, Json], size: Size) -> int:
    return size.rows * int(given["masks"])


def _smoothgrad(given: Mapping[str, Json], size: Size) -> int:
    return 3 * size.rows * int(given["samples"])


def _gradcam(_given: Mapping[str, Json], size: Size) -> int:
    return 3 * size.rows


_PARTS = (
    Parameter(
        "segmentation",
        "choice",
        "grid",
        "How a picture is cut: squares of a grid, or superpixels that follow its edges.",
        choices=("grid", "superpixels"),
    ),
    Parameter("parts", "int", 49, "Parts of a picture; a grid is square.", low=4, high=400),
)


def _of_parts(card: Card, summary: str) -> Card:
    """Return a card of words as one of parts of pictures."""

    def evaluations(given: Mapping[str, Json], size: Size) -> int:
        return card.evaluations(given, replace(size, units=int(given["parts"])))

    return replace(
        card,
        summary=summary,
        parameters=(*card.parameters, *_PARTS),
        posed=tuple(parameter.name for parameter in _PARTS),
        evaluations=evaluations,
        cost=card.cost.replace("text", "picture").replace("word", "part"),
    )


CARDS: tuple[Card, ...] = (
    _of_parts(
        SHAPLEY,
        "Shares the difference between the score and the score of the picture's mean colour fairly "
        "among its parts. Needs answers only; has a standard error.",
    ),
    _of_parts(OCCLUSION, "How far the score falls when one part takes the picture's mean colour."),
    _of_parts(
        LIME,
        "Fits a linear model to the score of pictures of which random parts are hidden, and shows "
        "its coefficients.",
    ),
    replace(
        INTEGRATED_GRADIENTS,
        summary="Gathers the gradient of the score along the straight line from the picture's mean "
        "colour to the picture. The values sum to the difference of the two scores; the gap is "
        "reported.",
    ),
    replace(
        INPUT_X_GRADIENT,
        summary="The gradient of the score at the picture, times the picture as the model gets it: "
        "cheap, but a place whose prepared colour is 0 gets nothing however much it matters.",
    ),
    Card(
        slug="smoothgrad",
        colour=9,
        title="SmoothGrad × input",
        family="Gradient",
        summary="The gradient of the score averaged over noisy copies of the picture, times the "
        "picture's distance from its mean colour. Calmer than the plain gradient.",
        source="Smilkov et al. 2017",
        module="xai.methods.gradient.smoothgrad",
        cost="samples × (forward + backward) per picture",
        evaluations=_smoothgrad,
        needs=("gradient",),
        parameters=(
            Parameter("samples", "int", 25, "Noisy copies per picture.", low=2, high=500),
            Parameter(
                "noise",
                "float",
                0.15,
                "Standard deviation of the noise, as a share of the picture's range.",
                low=0.001,
                high=1,
            ),
        ),
        is_stochastic=True,
    ),
    Card(
        slug="gradcam",
        colour=11,
        title="Grad-CAM",
        family="Gradient",
        summary="The last feature maps of a convolutional network, weighted by how much the score "
        "rises with each. Coarse, and shows only what speaks for the class.",
        source="Selvaraju et al., ICCV 2017",
        module="xai.methods.gradient.gradcam",
        cost="one forward and one backward pass per picture",
        evaluations=_gradcam,
        needs=("gradient", "convolution"),
        is_signed=False,
        is_recommended=True,
    ),
    Card(
        slug="rise",
        colour=12,
        title="RISE",
        family="Perturbation",
        summary="How much higher the score is where random soft masks keep a place than where they "
        "hide it. Needs answers only, and tells its standard error.",
        source="Petsiuk, Das and Saenko, BMVC 2018, centred",
        module="xai.methods.perturbation.rise",
        cost="masks per picture",
        evaluations=_rise,
        parameters=(
            Parameter("masks", "int", 500, "Random masks per picture.", low=50, high=20000),
            Parameter("cells", "int", 7, "Cells of a mask along each side.", low=2, high=32),
            Parameter("kept", "float", 0.5, "Share that a mask keeps.", low=0.05, high=0.95),
        ),
        is_stochastic=True,
        is_recommended=True,
    ),
    ATTENTION_RELEVANCE,
    ATTENTION_ROLLOUT,
    _of_parts(RANDOM, RANDOM.summary),
    CRAFT,
)
"""In the order of the form and the pages."""
