"""How a picture becomes the numbers that an ONNX graph takes: told by a file, or guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from xai.assets.safety import read_json
from xai.assets.wording import clean, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from xai.assets.onnx_pictures import Pixels

LARGEST_SIDE = 2_048
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_HALF = (0.5, 0.5, 0.5)
_RANGES: dict[str, tuple[tuple[float, ...], tuple[float, ...], float]] = {
    "x/127.5-1": (_HALF, _HALF, 255.0),
    "-1..1": (_HALF, _HALF, 255.0),
    "x/255": ((0.0,) * 3, (1.0,) * 3, 255.0),
    "0..1": ((0.0,) * 3, (1.0,) * 3, 255.0),
    "imagenet": (_MEAN, _STD, 255.0),
    "x": ((0.0,) * 3, (1.0,) * 3, 1.0),
    "0..255": ((0.0,) * 3, (1.0,) * 3, 1.0),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Resize the shorter side, cut out the middle, divide by `scale`, subtract, divide.

    Attributes
    ----------
    size : (height, width)
        Of the cut, in pixels.
    shortest : int
        Length of the shorter side before the cut; 0 to stretch the picture to `size` instead.
    scale : float
        What 8-bit colours are divided by: 255 or 1.
    is_guess : bool
        True where no file told it.
    """

    size: tuple[int, int]
    shortest: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float
    classes: tuple[str, ...] = ()
    is_guess: bool = False
    notes: tuple[str, ...] = ()

    def crop(self, picture: Image.Image) -> Image.Image:
        """Return the part of a picture that the model sees, in its size."""
        height, width = self.size
        if not self.shortest:
            return picture.resize((width, height), Image.Resampling.BILINEAR)
        # The longer side is cut down to a whole pixel, as torchvision and transformers do.
        wide, high = (self.shortest * side // min(picture.size) for side in picture.size)
        resized = picture.resize((wide, high), Image.Resampling.BILINEAR)
        left, top = (wide - width) // 2, (high - height) // 2
        return resized.crop((left, top, left + width, top + height))

    def prepare(self, picture: Image.Image) -> Pixels:
        """Return the numbers of a picture, shape (3, height, width)."""
        colours = np.asarray(self.crop(picture), dtype=np.float32) / np.float32(self.scale)
        mean, std = (np.array(part, dtype=np.float32) for part in (self.mean, self.std))
        shifted = (colours - mean) / std
        return np.ascontiguousarray(np.moveaxis(shifted, 2, 0))


def guessed(producer: str, dtype: str, size: tuple[int, int]) -> Settings:
    """Return what is usual for graphs from this exporter."""
    if dtype == "u1":
        name = "0..255"
    else:
        name = "x/127.5-1" if "tf2onnx" in producer or "keras" in producer else "imagenet"
    mean, std, scale = _RANGES[name]
    said = {
        "imagenet": "by ImageNet's means and deviations",
        "x/127.5-1": "to -1 … 1",
        "0..255": "not at all",
    }[name]
    note = (
        f"The graph does not say how pictures are prepared. It was guessed: the shorter side to "
        f"{round(min(size) * 256 / 224)} pixels, the middle {size[0]} × {size[1]}, colours scaled "
        f"{said}. If the accuracy is poor, put the graph and a labels.json into a .zip."
    )
    shortest = max(*size, round(min(size) * 256 / 224))
    return Settings(size, shortest, mean, std, scale, is_guess=True, notes=(note,))


def told(data: bytes, size: tuple[int, int]) -> Settings:
    """Return what a JSON file beside the graph tells.

    It holds `{"classes": [...], "preprocess": {"resize_shortest": 146, "crop": 128, "range":
    "x/127.5-1"}}`; in the place of `range` may stand `mean` and `std` for colours of 0 … 1.

    Raises
    ------
    RefusedFile
        If a value is out of bounds, or the pictures would not have the graph's size.
    """
    found = read_json(data)
    parts = found if isinstance(found, dict) else {"classes": found}
    classes = parts.get("classes", parts.get("labels", ()))
    words = list(classes.values()) if isinstance(classes, dict) else classes
    names = tuple(clean(str(word)) for word in words) if isinstance(words, (list, tuple)) else ()
    given = parts.get("preprocess", parts.get("preprocessing", {}))
    given = given if isinstance(given, dict) else {}
    crop = _side(given.get("crop", given.get("size", min(size))), "crop")
    shortest = _side(given.get("resize_shortest", 0), "resize_shortest")
    if (crop, crop) != size or 0 < shortest < crop:
        raise RefusedFile(
            f"The file beside the graph makes pictures of {crop} × {crop} pixels, the graph takes "
            f"{size[0]} × {size[1]}. Correct crop and resize_shortest there."
        )
    mean, std, scale = _colours(given)
    return Settings(size, shortest, mean, std, scale, _distinct(names))


def _colours(given: dict[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    mean, std = given.get("mean"), given.get("std")
    if mean is not None or std is not None:
        return _three(mean or [0, 0, 0], "mean"), _three(std or [1, 1, 1], "std"), 255.0
    name = str(given.get("range", "imagenet")).replace(" ", "")
    if name not in _RANGES:
        raise RefusedFile(
            f"The range of colours {quoted(name)} in the file beside the graph is not known; it is "
            f"one of: {listed(list(_RANGES), 9)}."
        )
    return _RANGES[name]


def _three(values: Any, name: str) -> tuple[float, ...]:
    is_right = isinstance(values, list) and len(values) == 3
    numbers = [float(v) for v in values if isinstance(v, (int, float))] if is_right else []
    if len(numbers) != 3 or not np.isfinite(numbers).all() or (name == "std" and 0 in numbers):
        raise RefusedFile(f"The {name} in the file beside the graph is no list of three numbers.")
    return tuple(numbers)


def _side(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SIDE:
        raise RefusedFile(
            f"{name} in the file beside the graph must be a number of pixels up to {LARGEST_SIDE}."
        )
    return value


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names, those that stand twice with their place: ImageNet has two cranes."""
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        seen[f"{name} ({index})" if name in seen else name] = index
    return tuple(seen) if len(seen) == len(names) else tuple(map(str, range(len(names))))
