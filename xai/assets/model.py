"""A model for tables as everything else sees it: facts, and numbers in, numbers out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from xai.assets.table import Column
    from xai.trees import Ensemble
    from xai.vocabulary import Contributions, Floats, Importance, Integers, Json, OutputUnit

Problem = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column that a model wants.

    Attributes
    ----------
    kind : "number", "category" (one of `categories`), or "any": the model takes text and numbers
    categories : tuple of str
        The values seen in training, in the model's order; empty if the file does not say.
    """

    name: str
    kind: Literal["number", "category", "any"] = "number"
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the file says about itself.

    Attributes
    ----------
    architecture : str
        In plain words: "XGBoost classifier, 200 trees, depth 6".
    has_names : bool
        False where the file names no features: columns are then matched by position.
    outputs : tuple of str
        Class names in the order of the output's columns, or ("value",).
    output : OutputUnit
        Unit of `BoundModel.outputs`.
    capabilities : tuple of str
        Of "trees" (exact contributions), "builtin" (importances in the file), "missing" (accepts
        NaN) and "probability".
    trusted_types : tuple of str
        skops: the types found in the file that were allowed by name.
    """

    format: str
    architecture: str
    problem: Problem
    features: tuple[Feature, ...]
    has_names: bool
    outputs: tuple[str, ...]
    output: OutputUnit
    capabilities: tuple[str, ...] = ()
    parameters: int | None = None
    trees: int | None = None
    notes: tuple[str, ...] = ()
    trusted_types: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return plain data, ready for `json.dumps`."""
        plain: dict[str, Any] = _listed(asdict(self))
        return plain


class BoundModel(Protocol):
    """A model told which columns it will see; every matrix is encoded as those columns are.

    Numbers stand as they are, categories and booleans as codes into the column's categories, NaN
    for missing. The notes say what binding had to assume, for people.
    """

    notes: tuple[str, ...]

    def outputs(self, matrix: Floats) -> Floats:
        """Return the output of every row, shape (m, k), in the unit of `facts.output`.

        A margin of two classes gives two columns, (-margin, margin); a regression gives (m, 1).
        """

    def probabilities(self, matrix: Floats) -> Floats | None:
        """Return the probability of each class, shape (m, k); None where there is none."""

    def values(self, matrix: Floats) -> Floats | None:
        """Return the predictions of a regression in the units of its label, shape (m,).

        They differ from `outputs` where the model has a link (Poisson, gamma, …) and the output is
        a margin; None for a classification.
        """

    def contributions(self, matrix: Floats, targets: Integers) -> Contributions:
        """Return the model's own exact contributions to the output `targets[i]` of row i."""

    def ensemble(self) -> Ensemble | None:
        """Return the model's trees; None where it has none, or none that fit `Trees`."""

    def builtin(self, reference: Floats) -> tuple[Importance, ...]:
        """Return the importances the file carries; `reference` (r, d) gives spreads."""


class TabularModel(Protocol):
    """A loaded model file."""

    facts: ModelFacts

    def bind(self, columns: tuple[Column, ...]) -> BoundModel:
        """Return the model for rows of these columns: its features, in its order.

        Raises
        ------
        RefusedFile
            If the kind of a column cannot fit: text where the model expects numbers.
        """


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in value]
    return value
