"""The words of concept methods: many images of a class, a model cut in two, and what was found.

Sizes in shapes: n images; h × w positions of a layer; c channels; r concepts; k outputs of the
model; t tokens that stand for no place in the image (class token, registers); b images of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from torch import Tensor


class Cut(Protocol):
    """A model cut in two at one layer: every path from the input to the output goes through it."""

    @property
    def name(self) -> str:
        """The layer's dotted name, or the name of the tensor of a graph."""

    @property
    def grid(self) -> tuple[int, int]:
        """Positions of the layer, (h, w)."""

    @property
    def channels(self) -> int:
        """Numbers per position."""

    @property
    def has_gradient(self) -> bool:
        """Whether torch can differentiate both halves."""

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations (b, h, w, c), and tokens without a place (b, t, c); t may be 0."""

    def head(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Return the logits (b, k) of activations and placeless tokens."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """What people say of the images: l named concepts.

    Attributes
    ----------
    present : array of shape (n, l)
        1 there, 0 not there, NaN unknown.
    has_masks : tuple of bool, length l
    masks : callable
        `masks(concept, of)` gives where a concept lies in images `of` (b,), as the model gets
        them: bool (b, height, width).
    """

    names: tuple[str, ...]
    present: Floats
    has_masks: tuple[bool, ...]
    masks: Callable[[int, Integers], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class ConceptProblem:
    """Everything a concept method may use: the chosen images all at once, and where to cut.

    Attributes
    ----------
    rows : array of shape (n,)
        0-based position of each image in the dataset.
    images : callable
        `images(of)` gives the model's own input for images `of` (b,), preprocessed, float32, shape
        (b, channels, height, width), or (b, height, width, channels) if `is_channels_last`.
    size : (height, width) of the model's input
    predicted : array of shape (n,)
        Index of the predicted class of each image.
    outputs : tuple of str, length k
        Names of the classes.
    cuts : callable
        `cuts(two)` gives the places where the model can be cut, first to last, tried on two images.
    labels : array of shape (n,) or None
        Index of the true class, NaN where unknown.
    target : int or None
        The only class to explain; None for every class that enough images are predicted as.
    seed : int
    batch : int
        Images in one forward pass.
    annotations : Annotated or None
    """

    rows: Integers
    images: Callable[[Integers], Tensor]
    size: tuple[int, int]
    predicted: Integers
    outputs: tuple[str, ...]
    cuts: Callable[[Tensor], Sequence[Cut]]
    labels: Floats | None = None
    target: int | None = None
    seed: int = 0
    batch: int = 16
    is_channels_last: bool = False
    annotations: Annotated | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of an image that shows a concept, in pixels of the model's input."""

    sample: int
    x: int
    y: int
    width: int
    height: int
    coefficient: float


@dataclass(frozen=True, slots=True)
class Bounded:
    """An estimate with its 95 % interval over images; NaN bounds with a single image."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of one class.

    Attributes
    ----------
    importance : Bounded
        Mean over the class's images of the signed gradient × coefficient, in logits.
    sobol : Bounded
        Total Sobol index: the share of the logit's variance that goes when the concept is fixed.
    parent : int
        Id of the concept that this one is a part of; -1 at the top.
    """

    id: int
    name: str
    target: str
    layer: str
    importance: Bounded
    sobol: Bounded
    crops: tuple[Crop, ...]
    parent: int = -1
    facts: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConceptResult:
    """Concepts of every class, and each concept in each image: e pairs of image and concept.

    Attributes
    ----------
    samples, concepts : arrays of shape (e,)
        Position in the dataset, id of the concept.
    coefficients, importances, sobols : arrays of shape (e,)
        Mean coefficient over the image; gradient × coefficient in logits; total Sobol index of the
        image, NaN where the logit does not move.
    maps : array of shape (e, height, width)
        Where the concept lies in the image, row-major over the whole of the model's input.
    """

    found: tuple[Concept, ...]
    samples: Integers
    concepts: Integers
    coefficients: Floats
    importances: Floats
    sobols: Floats
    maps: Floats
    evaluations: int = 0
    notes: dict[str, Json] = field(default_factory=dict)
