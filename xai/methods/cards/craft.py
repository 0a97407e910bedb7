"""The card of CRAFT, for image classifiers."""

from __future__ import annotations

from collections.abc import Mapping

from xai.methods.card import Card, Parameter, Size
from xai.vocabulary import Json

CROPS = 16
"""Crops of a square image at the usual size of a crop."""
TRIAL = 96
"""Passes at most to choose the layer: three layers, 32 images each."""


def _evaluations(given: Mapping[str, Json], size: Size) -> int:
    per_image = 1 + (CROPS if given["bank"] == "crops" else 0)
    trial = 0 if given["layer"] else min(TRIAL, 3 * size.rows)
    return size.rows * per_image + trial


CRAFT = Card(
    slug="craft",
    colour=13,
    title="Concepts (CRAFT)",
    family="Concepts",
    summary="Finds what the images of a class share, as directions in a layer of the network: "
    "which concepts there are, how much each raises or lowers the class's logit, the best crops "
    "of each, and where it lies in every image.",
    source="Fel et al., CVPR 2023; Fel et al., NeurIPS 2023",
    module="xai.methods.concepts.craft",
    cost="1 per image, 16 more with crops, up to 96 to choose the layer; then the head alone",
    evaluations=_evaluations,
    # Factorising and taking apart outlast the passes: 15 s for 24 and 19 s for 60 pictures.
    seconds_per_row=0.3,
    scope="concepts",
    slices="none",
    is_stochastic=True,
    is_recommended=True,
    parameters=(
        Parameter("concepts", "int", 10, "How many concepts each class has.", low=1, high=50),
        Parameter(
            "bank",
            "choice",
            "positions",
            "What concepts are found in: the positions of the whole images' layer, or enlarged "
            "crops as published (16 times the cost).",
            choices=("positions", "crops"),
        ),
        Parameter(
            "dictionary",
            "choice",
            "auto",
            "How activations are taken apart. Automatic: non-negative factorisation, or "
            "semi-non-negative where activations are signed.",
            choices=("auto", "nmf", "semi_nmf", "kmeans", "pca", "sparse_autoencoder"),
        ),
        Parameter(
            "layer",
            "int",
            0,
            "Where the network is cut, counted from its end; 0 chooses by how much of the "
            "decision is kept, and shows the layers that were compared.",
            low=0,
            high=99,
        ),
        Parameter(
            "images",
            "choice",
            "predicted",
            "Which images count as of a class: those predicted as it, or those labelled so.",
            choices=("predicted", "labelled"),
        ),
        Parameter(
            "together",
            "bool",
            False,
            "One set of concepts for all classes, so that classes can be compared.",
        ),
        Parameter(
            "order",
            "choice",
            "gradient_input",
            "What concepts are ordered by, from most to least: signed gradient × coefficient, "
            "integrated gradients, occlusion or RISE; or the total Sobol index or HSIC, which have "
            "no sign.",
            choices=(
                "gradient_input",
                "integrated_gradients",
                "occlusion",
                "rise",
                "sobol",
                "hsic",
            ),
        ),
        Parameter(
            "points",
            "int",
            32,
            "Size of the design behind a Sobol index, where the head allows no closed form.",
            low=4,
            high=512,
        ),
        Parameter(
            "parity",
            "bool",
            False,
            "The released code's crops and design, to reproduce its numbers; its design favours "
            "some concepts by their place.",
        ),
        Parameter(
            "maps",
            "choice",
            "layer",
            "Where a concept lies: by the derivative of its coefficient at the layer, by the "
            "coefficients themselves, or by the derivative down to the pixels (slow).",
            choices=("layer", "coefficients", "pixels"),
        ),
        Parameter(
            "split",
            "choice",
            "composite",
            "Whether concepts are taken apart at an earlier layer: those that hide several, all "
            "of the three most important, or none.",
            choices=("composite", "all", "none"),
        ),
        Parameter(
            "patch",
            "float",
            0.286,
            "Side of a crop, as a share of the image's shorter side.",
            low=0.05,
            high=1,
        ),
        Parameter("least", "int", 5, "Images that a class must have.", low=2, high=1000),
        Parameter(
            "curves", "bool", True, "Show what is lost and how stable it is by number of concepts."
        ),
        Parameter(
            "compare",
            "bool",
            False,
            "Compare five ways to find concepts and six to weigh them.",
        ),
    ),
)
