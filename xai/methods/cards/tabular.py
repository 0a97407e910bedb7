"""The cards of the methods for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai.methods.card import Card, Parameter, Size
from xai.methods.shapley.budget import (
    ESTIMATORS,
    GAUSSIAN_PROCESS,
    Budget,
    inner_coalitions,
    survey_evaluations,
)
from xai.methods.shapley.pairs.order import MOST_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xai.vocabulary import Json

_GAME = (
    Parameter(
        "coalitions",
        "int",
        512,
        "How many combinations of features are tried when not all can be. "
        "More cost more and shrink the standard error.",
        low=16,
        high=4096,
    ),
    Parameter(
        "exact_up_to",
        "int",
        10,
        "With at most this many features every combination is tried, and nothing is estimated.",
        low=1,
        high=12,
    ),
    Parameter(
        "error_target",
        "float",
        0.0,
        "Stop a row early when the 95 % interval of each of its values is within this many percent "
        "of the range of the score; 0 tries all coalitions. The cost then shown is the most.",
        low=0,
        high=50,
    ),
    Parameter(
        "estimator",
        "choice",
        GAUSSIAN_PROCESS,
        "How values are found from a sample of combinations. Gaussian process: learns how strongly "
        "features interact, and needs fewer combinations. Least squares: the plain regression.",
        choices=ESTIMATORS,
    ),
)


def _shapley(given: Mapping[str, Json], size: Size) -> int:
    if size.has_trees:
        return size.rows
    return _survey(given, size.features) + size.rows * _game(given, size.features, size.background)


def _grouped(given: Mapping[str, Json], size: Size) -> int:
    if size.has_trees:
        return size.rows
    # How many groups there will be is known only once the data are read; a game that is just
    # small enough to be exact may cost more than a larger one.
    groups = range(1, size.features + 1)
    return max(
        _survey(given, count) + size.rows * _game(given, count, size.background) for count in groups
    )


def _survey(given: Mapping[str, Json], players: int) -> int:
    asked = (given["error_target"], bool(given.get("interactions")), given["estimator"])
    if not Budget(given["coalitions"], given["exact_up_to"], *asked).looks_first:
        return 0
    return survey_evaluations(players, given["coalitions"], given["exact_up_to"])


def _game(given: Mapping[str, Json], players: int, background: int) -> int:
    inner = inner_coalitions(players, given["coalitions"], given["exact_up_to"])
    return 1 + (inner + 1) * background


def _occlusion(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows * (1 + size.features * size.background)


def _lime(given: Mapping[str, Json], size: Size) -> int:
    return size.rows * int(given["samples"])


def _permutation(given: Mapping[str, Json], size: Size) -> int:
    return size.rows * (1 + size.features * int(given["repeats"]))


def _builtin(_given: Mapping[str, Json], _size: Size) -> int:
    return 0


def _random(_given: Mapping[str, Json], size: Size) -> int:
    return size.rows * (1 + size.background)


CARDS = (
    Card(
        slug="shapley",
        colour=1,
        title="Shapley values",
        family="Shapley values",
        summary="Shares the difference between the score and the background's mean score "
        "fairly among the features. Exact for tree models and for few features, otherwise "
        "estimated with a standard error.",
        source="Shapley 1953; Lundberg and Lee, NeurIPS 2017",
        module="xai.methods.shapley.features",
        cost="coalitions × background rows per row; one evaluation per row for tree models",
        evaluations=_shapley,
        parameters=(
            *_GAME,
            Parameter(
                "tree_game",
                "choice",
                "path-dependent",
                "For models made of trees: what an absent feature means. Path-dependent: the "
                "training rows in the trees' own counts. Interventional: the background rows, as "
                "for every other model.",
                choices=("path-dependent", "interventional"),
            ),
            Parameter(
                "interactions",
                "bool",
                False,
                "Also find what every two features add together beyond what each adds alone. "
                f"For at most {MOST_FEATURES} features.",
            ),
        ),
        is_stochastic=True,
        exact_with=("trees",),
        is_complete=True,
        is_recommended=True,
    ),
    Card(
        slug="grouped_shapley",
        colour=2,
        title="Grouped Shapley values",
        family="Shapley values",
        summary="Joins correlated features into groups and gives each group one Shapley value, "
        "so that credit is not split by chance among features that say the same.",
        source="Jullum, Redelmeier and Aas 2021; aspects after Pekala et al. 2021",
        module="xai.methods.shapley.grouped",
        cost="at most coalitions × background rows per row, fewer with few groups; one evaluation "
        "per row for tree models",
        evaluations=_grouped,
        parameters=(
            Parameter(
                "threshold",
                "float",
                0.5,
                "Features are joined when every pair in the group is associated at least this "
                "much (0: all in one group, 1: only identical orderings).",
                low=0,
                high=1,
            ),
            *_GAME,
        ),
        is_stochastic=True,
        exact_with=("trees",),
        is_complete=True,
        is_recommended=True,
    ),
    Card(
        slug="occlusion",
        colour=3,
        title="Occlusion",
        family="Perturbation",
        summary="How far the score falls when one feature is replaced by values of the "
        "background, the others kept.",
        source="Robnik-Šikonja and Kononenko, IEEE TKDE 2008",
        module="xai.methods.perturbation.occlusion",
        cost="features × background rows + 1 per row",
        evaluations=_occlusion,
        is_recommended=True,
    ),
    Card(
        slug="lime",
        colour=4,
        title="LIME",
        family="Surrogate",
        summary="Fits a linear model to the score of random variations of the row and shows "
        "its coefficients. It explains that linear model; the fit says how well it stands for "
        "the real one.",
        source="Ribeiro, Singh and Guestrin, KDD 2016",
        module="xai.methods.surrogates.lime",
        cost="samples per row",
        evaluations=_lime,
        parameters=(
            Parameter(
                "samples",
                "int",
                2000,
                "How many variations of each row are scored.",
                low=50,
                high=20000,
            ),
            Parameter(
                "width",
                "float",
                0.75,
                "How fast variations lose weight as more features change, in units of the "
                "square root of the number of features. Smaller is more local.",
                low=0.05,
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
    ),
    Card(
        slug="permutation",
        colour=5,
        title="Permutation importance",
        family="Perturbation",
        summary="How much worse the predictions become when one column is shuffled; without "
        "labels, how much they change.",
        source="Breiman 2001; Fisher, Rudin and Dominici, JMLR 2019",
        module="xai.methods.perturbation.permutation",
        cost="rows × (features × repeats + 1), labelled rows only when labels are known",
        evaluations=_permutation,
        scope="global",
        slices="features",
        parameters=(
            Parameter("repeats", "int", 10, "How often each column is shuffled.", low=1, high=100),
        ),
        is_signed=False,
        is_stochastic=True,
        is_recommended=True,
    ),
    Card(
        slug="builtin",
        colour=6,
        title="Built-in importance",
        family="Built-in",
        summary="What the model file itself says: gain and split count of trees, coefficient "
        "× spread of linear models. It describes how the model was built, not one row.",
        source="Breiman et al. 1984; Friedman 2001",
        module="xai.methods.builtin",
        cost="no evaluation",
        evaluations=_builtin,
        scope="global",
        slices="none",
        needs=("builtin",),
        is_signed=False,
    ),
    Card(
        slug="random",
        colour=16,
        title="Random values",
        family="Control",
        summary="Knows nothing. A method that agrees with the others no more than this one "
        "does has shown nothing.",
        source="a control of our own",
        module="xai.methods.random",
        cost="background rows + 1 per row, to find the scale",
        evaluations=_random,
        is_stochastic=True,
        is_recommended=True,
    ),
)
"""In the order of the form and the pages."""
