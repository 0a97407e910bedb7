"""A picture as the model gets it, and as a person sees what the model got."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xai.errors import RefusedFile
from xai.vocabulary import Floats

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import BaseImageProcessor

THUMBNAIL = 256
"""Longer side of the picture that pages show, in points."""
QUALITY = 82


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures to tensors and back.

    Attributes
    ----------
    low, high : Tensor of shape (channels, 1, 1)
        What black and white become.
    """

    processor: BaseImageProcessor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, processor: BaseImageProcessor) -> Views:
        """Find out what the processor makes of black and of white."""
        from PIL import Image  # noqa: PLC0415 - only where there are pictures

        ends = []
        for level in (0, 255):
            flat = Image.new("RGB", (64, 64), (level, level, level))
            pixels = processor(flat, return_tensors="pt")["pixel_values"][0].float()
            ends.append(pixels.mean(dim=(1, 2), keepdim=True))
        return cls(processor, *ends)

    def tensors(self, pictures: Sequence[Image]) -> Tensor:
        """Return what the model gets, shape (n, channels, height, width).

        Raises
        ------
        RefusedFile
            If the processor makes pictures of differing sizes.
        """
        found = [self.processor(p, return_tensors="pt")["pixel_values"][0] for p in pictures]
        sizes = {tuple(pixels.shape) for pixels in found}
        if len(sizes) > 1:
            raise RefusedFile(
                "The preprocessor makes pictures of differing sizes. Set a fixed size (or "
                "do_center_crop) in preprocessor_config.json and upload the model again."
            )
        return torch.stack(found).float()

    def colours(self, pixels: Tensor) -> Floats:
        """Return a tensor (channels, height, width) as colours, (height, width, 3) from 0 to 1."""
        shown = ((pixels - self.low) / (self.high - self.low)).clamp(0, 1)
        return np.asarray(shown.permute(1, 2, 0).double().numpy())

    def jpeg(self, pixels: Tensor) -> str:
        """Return a thumbnail of what the model gets, JPEG in base64."""
        from PIL import Image  # noqa: PLC0415 - as above

        picture = Image.fromarray((self.colours(pixels) * 255).round().astype(np.uint8))
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=QUALITY)
        return base64.b64encode(stream.getvalue()).decode("ascii")
