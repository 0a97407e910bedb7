"""A picture as the model gets it, and as a person sees what the model got."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xai.errors import RefusedFile
from xai.vocabulary import Floats

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL = 256
"""Longer side of the picture that pages show, in points."""
QUALITY = 82


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures to tensors and back.

    Attributes
    ----------
    prepare : callable
        A picture to what the model gets of it, (channels, height, width).
    low, high : Tensor of shape (channels, 1, 1)
        What black and white become.
    """

    prepare: Callable[[Image], Tensor]
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, prepare: Callable[[Image], Tensor]) -> Views:
        """Find out what preparation makes of black and of white."""
        from PIL import Image  # noqa: PLC0415 - only where there are pictures

        ends = []
        for level in (0, 255):
            flat = Image.new("RGB", (64, 64), (level, level, level))
            ends.append(prepare(flat).float().mean(dim=(1, 2), keepdim=True))
        return cls(prepare, *ends)

    def tensors(self, pictures: Sequence[Image]) -> Tensor:
        """Return what the model gets, shape (n, channels, height, width).

        Raises
        ------
        RefusedFile
            If preparation makes pictures of differing sizes.
        """
        found = [self.prepare(picture) for picture in pictures]
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
