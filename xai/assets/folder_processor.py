"""How a Hugging Face folder turns pictures into numbers, through Pillow alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from xai.assets.folder_config import check_code
from xai.assets.folder_entries import PREPROCESSOR
from xai.assets.wording import clean, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import BaseImageProcessor

LARGEST_SIDE = 2_048
_KEYS = {
    "crop_pct", "crop_size", "do_center_crop", "do_convert_rgb", "do_flip_channel_order",
    "do_normalize", "do_pad", "do_rescale", "do_resize", "image_mean", "image_std",
    "include_top", "offset", "pad_size", "resample", "rescale_factor", "rescale_offset", "size",
    "size_divisor",
}  # fmt: skip
_CLASS = re.compile(r"([A-Za-z0-9]+?)(ImageProcessor|FeatureExtractor)(Fast|Pil)?")


def write(given: dict[str, Any], target: Path) -> None:
    """Write the settings that are kept: sizes, means, and the processor's own name.

    Raises
    ------
    RefusedFile
        If it names code, or pictures would become larger than a network of this size takes.
    """
    check_code(given, PREPROCESSOR)
    kept = {key: value for key, value in given.items() if key in _KEYS and _is_small(value)}
    for key in ("size", "crop_size", "pad_size"):
        if key in given and key not in kept:
            raise RefusedFile(
                f"preprocessor_config.json asks for pictures of {quoted(str(given[key]))} points "
                f"({key}); at most {LARGEST_SIDE} a side are made."
            )
    name = given.get("image_processor_type") or given.get("feature_extractor_type") or ""
    match = _CLASS.fullmatch(name) if isinstance(name, str) else None
    if match:
        kept["image_processor_type"] = f"{match[1]}ImageProcessor"
    (target / PREPROCESSOR).write_text(json.dumps(kept), encoding="utf-8")


def load(path: Path) -> BaseImageProcessor:
    """Return the processor in `path`, tried on one picture.

    Raises
    ------
    RefusedFile
        If it is none of transformers' own, cannot work through Pillow, or gives no finite picture.
    """
    from transformers import AutoImageProcessor  # noqa: PLC0415 - heavy

    try:
        made: BaseImageProcessor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            path, backend="pil", trust_remote_code=False, local_files_only=True
        )
        _try(made)
    except MemoryError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RefusedFile(
            f"preprocessor_config.json describes no way to prepare pictures that is known here: "
            f"{clean(lines[0], 200)}."
        ) from None
    return made


def _try(processor: BaseImageProcessor) -> None:
    import numpy as np  # noqa: PLC0415 - next to its only use
    from PIL import Image  # noqa: PLC0415

    found = processor(Image.new("RGB", (320, 240), (90, 120, 150)), return_tensors="np")
    pixels = np.asarray(found["pixel_values"], dtype=np.float32)
    if pixels.ndim != 4 or pixels.shape[1] != 3 or not np.isfinite(pixels).all():
        raise ValueError(f"a picture becomes {pixels.shape} numbers, some of them not finite")


def _is_small(value: Any) -> bool:
    """Return whether a value is a number, or few numbers, none larger than a picture's side."""
    if isinstance(value, (bool, int, float)) or value is None:
        return value is None or 0 <= abs(value) <= LARGEST_SIDE
    parts = list(value.values()) if isinstance(value, dict) else value
    return isinstance(parts, list) and len(parts) <= 8 and all(_is_small(p) for p in parts)
