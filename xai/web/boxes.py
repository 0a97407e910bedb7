"""The methods of the form as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai.methods.card import Card, Parameter


@dataclass(slots=True)
class ParameterField:
    """One parameter of a method as the page shows it."""

    parameter: Parameter
    name: str
    value: Any


@dataclass(slots=True)
class MethodField:
    """One method as the page shows it: a box to tick, its parameters, why it cannot be ticked."""

    card: Card
    is_chosen: bool
    reason: str
    parameters: list[ParameterField] = field(default_factory=list)
    estimate: dict[str, Any] | None = None
