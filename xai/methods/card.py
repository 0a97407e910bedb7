"""What a method says about itself: read by the form, the command line and the estimate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from xai.errors import InvalidParameter
from xai.vocabulary import Json


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a user may set."""

    name: str
    kind: Literal["int", "float", "choice", "bool"]
    default: Json
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def read(self, value: Json) -> Json:
        """Return `value` (text or already typed) as this parameter's type.

        Raises
        ------
        InvalidParameter
            If it is of another type, out of bounds, or not among the choices.
        """
        if self.kind == "bool":
            return self._truth(value)
        if self.kind == "choice":
            if value not in self.choices:
                raise InvalidParameter(
                    f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}."
                )
            return value
        return self._number(value)

    def _truth(self, value: Json) -> bool:
        known = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
        word = str(value).lower()
        if word not in known:
            raise InvalidParameter(f"{self.name} must be true or false, not {value!r}.")
        return known[word]

    def _number(self, value: Json) -> int | float:
        try:
            number = float(value)
            if not isfinite(number):
                raise ValueError(value)
        except (TypeError, ValueError, OverflowError):
            raise InvalidParameter(f"{self.name} must be a number, not {value!r}.") from None
        if self.kind == "int" and number != int(number):
            raise InvalidParameter(f"{self.name} must be a whole number, not {value!r}.")
        if not (self.low is None or number >= self.low):
            raise InvalidParameter(f"{self.name} must be at least {self.low:g}, not {number:g}.")
        if not (self.high is None or number <= self.high):
            raise InvalidParameter(f"{self.name} must be at most {self.high:g}, not {number:g}.")
        return int(number) if self.kind == "int" else number


@dataclass(frozen=True, slots=True)
class Size:
    """How large a job is: what the cost formula of a method may use."""

    rows: int
    features: int
    background: int
    outputs: int = 1
    units: int = 0
    """Words or tokens of a typical text, players of a picture; 0 for tables."""
    has_trees: bool = False
    """The model offers its own exact tree algorithm."""


@dataclass(frozen=True, slots=True)
class Card:
    """A method as the product shows it.

    Attributes
    ----------
    scope : "local" gives one explanation per row; "global" gives one importance per feature;
        "concepts" finds what many rows share, class by class; "heads" shows parts of the network
    slices : what a job may be cut by: "rows", "features", or "none" (one shard)
    needs : capabilities of the model without which the method cannot run, for example "builtin"
    module : dotted path; it holds `Params` and `attribute` (local), `rank` (global) or `explain`
        (concepts, heads)
    cost : the formula in words
    evaluations : the formula: (parameters, size) to model evaluations
    is_signed, is_stochastic, is_complete : what may be compared and checked
    colour : place in the palette, the same on every page: 1 to 15, or 16 (grey) for a control
    weight : forwards that one evaluation takes the time of; more than 1 with a way back
    seconds_per_row : what the method computes itself, beside the model, in seconds for one sample
    posed : parameters that shape the problem (how a picture is cut), not the method
    is_class_specific : whether another explained output would get other values
    exact_with : capabilities of the model with which the method neither samples nor needs a seed
    """

    slug: str
    title: str
    family: str
    summary: str
    source: str
    module: str
    cost: str
    evaluations: Callable[[Mapping[str, Json], Size], int]
    scope: Literal["local", "global", "concepts", "heads"] = "local"
    slices: Literal["rows", "features", "none"] = "rows"
    needs: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    is_signed: bool = True
    is_stochastic: bool = False
    is_complete: bool = False
    is_class_specific: bool = True
    is_recommended: bool = False
    colour: int = 16
    exact_with: tuple[str, ...] = ()
    posed: tuple[str, ...] = ()
    weight: float = 1.0
    seconds_per_row: float = 0.0

    def read(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """Return all parameters, `given` ones checked, the others at their defaults.

        Raises
        ------
        InvalidParameter
            If a name is unknown or a value does not fit.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                choices = ", ".join(known) or "none"
                raise InvalidParameter(
                    f"{self.slug} has no parameter {name!r}; its parameters are: {choices}."
                )
        return {
            name: parameter.read(given.get(name, parameter.default))
            for name, parameter in known.items()
        }
