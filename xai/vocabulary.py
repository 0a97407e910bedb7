"""The words of the laboratory: plain frozen data, light to import (numpy only, no tensor library).

Sizes in shapes: n inputs, d features, k outputs of the model, b background rows, m evaluated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from xai.trees import TreeGame

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Json = Any
"""What `json.dumps` accepts."""

Score = Callable[[Floats, Integers], Floats]
"""What is explained: `score(rows, of)` gives one number per row, shape (m,).

`rows` has shape (m, d), encoded as in `Problem.inputs`. `of` has shape (m,): row j is a variation
of input `of[j]`, whose target is already chosen. Methods see scores, never models or targets.
"""

Progress = Callable[[int, int], None]
"""Called with (done, total) in model evaluations. It may raise to stop the work."""

OutputUnit = Literal["margin", "probability", "logit", "value"]
"""Unit of the explained output: log-odds, probability, raw logit, or the value of a regression."""


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the default where nobody watches."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """What a model's own exact algorithm says: `values.sum(1) + base` is the score of each input.

    Attributes
    ----------
    values : array of shape (n, d)
    base : array of shape (n,)
    algorithm : str
        For people, for example "XGBoost's own path-dependent tree Shapley values".
    """

    values: Floats
    base: Floats
    algorithm: str


@dataclass(frozen=True, slots=True)
class Importance:
    """Global importance of every feature, in `unit`; one bar per feature.

    Attributes
    ----------
    values, low, high : array of shape (d,)
        `low` and `high` bound a 95 % interval; None where the method estimates none.
    variant : str
        Tells two importances of one method apart ("gain", "split count"); "" if there is one.
    """

    names: tuple[str, ...]
    values: Floats
    unit: str
    low: Floats | None = None
    high: Floats | None = None
    variant: str = ""
    evaluations: int = 0
    notes: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attribution:
    """How much each unit contributed to the score of each input.

    Attributes
    ----------
    names : tuple of str
        One per unit: a feature, or a group of features.
    values : array of shape (n, units)
        In units of the score; positive raised it.
    base : array of shape (n,) or None
        Where the method starts; `base + values.sum(1)` is the score for a complete method.
    error : array of shape (n, units) or None
        Standard error of each value, where the method estimates one; None where it is exact.
    residual : array of shape (n,) or None
        Completeness gap: score - base - values.sum(1), for methods that promise completeness.
    members : tuple of tuples of int, or None
        Features behind each unit, when units are groups of features.
    pairs : array of shape (n, pairs) or None
        Shapley interaction of every pair of units, (0, 1), (0, 2), …, (1, 2), …: half of each is
        in either's value.
    pair_error : array of shape (n, pairs) or None
        Standard error of each, where they are estimated.
    notes : dict
        Facts for the manifest, for example {"algorithm": "…", "coalitions": 512}.
    """

    names: tuple[str, ...]
    values: Floats
    base: Floats | None = None
    error: Floats | None = None
    residual: Floats | None = None
    members: tuple[tuple[int, ...], ...] | None = None
    evaluations: int = 0
    notes: dict[str, Json] = field(default_factory=dict)
    pairs: Floats | None = None
    pair_error: Floats | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a method for tables may use, for one shard of inputs.

    Attributes
    ----------
    names : tuple of str, length d
        The features of the model, in its order.
    categorical : tuple of bool, length d
        True where the encoded numbers are codes without order.
    rows : array of shape (n,)
        0-based position of each input in the dataset: seeds per-input randomness, so that a
        result does not depend on how the work was cut into shards.
    inputs : array of shape (n, d)
        Encoded: numbers as they are, categories as codes, NaN for missing.
    background : array of shape (b, d)
        Rows that stand for "no signal", the same for every method and shard of a run.
    reference : array of shape (r, d)
        Up to 2,000 rows of the dataset, for spreads and correlations.
    score : Score
    seed : int
    labels : array of shape (n,) or None
        Class index, or the true value of a regression; NaN where unknown. None without labels.
    reference_score : Score or None
        As `score`, for variations of the reference rows: a look at the model that no input, and
        so no shard, has a part in.
    trees : TreeGame or None
        The trees behind the score as arrays, where the model is made of trees.
    loss : callable or None
        `loss(rows, of)` gives the loss of each row against the label of input `of`, shape (m,):
        log-loss (a probability below 1 % counts as 1 %) or squared error. None without labels.
    contributions : callable or None
        `contributions(inputs)` by the model's own exact tree algorithm, for the chosen targets.
    builtin : callable or None
        The importances that the model file itself carries.
    is_classification : bool
    """

    names: tuple[str, ...]
    categorical: tuple[bool, ...]
    rows: Integers
    inputs: Floats
    background: Floats
    reference: Floats
    score: Score
    seed: int = 0
    labels: Floats | None = None
    loss: Score | None = None
    contributions: Callable[[Floats], Contributions] | None = None
    builtin: Callable[[], tuple[Importance, ...]] | None = None
    is_classification: bool = True
    reference_score: Score | None = None
    trees: TreeGame | None = None


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """One method of a recipe, with all its parameters filled in."""

    slug: str
    params: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was asked. Two equal recipes give equal results.

    Attributes
    ----------
    model, dataset : str
        SHA-256 of the files.
    rows : str
        "all", "first:100", "0:100", "3,7,12" or "sample:100" (drawn by `seed`).
    target : str
        Name of a class, "" for the predicted class of each input; "value" for a regression.
    label : str
        Column that holds the truth, "" if none.
    features : tuple of str
        The columns in the model's order, for a model that carries no names; else empty.
    background : int
        Rows of the dataset that stand for "no signal".
    text, pair : str
        Columns of the text (or prompt) and of a second text; "" for none.
    continuation : str
        Column of the text that the prompt is continued with; "" to let the model write it.
    tokens : int
        How many tokens a language model writes, or are read of a given continuation; 0 where it
        is no language model.
    temperature : float
        0: the likeliest token each time; 1: drawn as the model says, by `seed`.
    score : str
        Of a text classifier: "logit" of the class, or "" for its probability.
    replacer : str
        SHA-256 of a masked language model that `reagent` takes its replacements from; "" for none.
    kind : str
        Of the model, a key of `xai.methods.catalogue.KINDS`.
    analyses : tuple of str
        Slugs of `xai.analyses.catalogue`: what is asked beside the explanations.
    external : str
        SHA-256 of a second dataset, "" if none.
    """

    model: str
    dataset: str
    methods: tuple[MethodChoice, ...]
    rows: str = "sample:100"
    target: str = ""
    label: str = ""
    features: tuple[str, ...] = ()
    background: int = 50
    seed: int = 0
    kind: str = "tabular"
    text: str = ""
    pair: str = ""
    continuation: str = ""
    tokens: int = 0
    temperature: float = 0.0
    replacer: str = ""
    score: str = ""
    analyses: tuple[str, ...] = ()
    external: str = ""

    def as_json(self) -> dict[str, Json]:
        """Return plain data, ready for `json.dumps`."""
        return asdict(self) | {
            "features": list(self.features),
            "analyses": list(self.analyses),
            "methods": [
                {"slug": choice.slug, "params": dict(choice.params)} for choice in self.methods
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Recipe:
        """Rebuild a recipe from `as_json`."""
        methods = tuple(MethodChoice(m["slug"], dict(m["params"])) for m in data["methods"])
        lists = {name: tuple(data.get(name, ())) for name in ("features", "analyses")}
        return cls(**{**data, **lists, "methods": methods})
