"""What a set of pictures says of concepts in them, where the model sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xai.methods.concepts.words import Annotated
from xai.vocabulary import Integers

if TYPE_CHECKING:
    from xai.assets.images import Images
    from xai.workbench.picture_views import Views


def annotated(images: Images, views: Views, rows: Integers) -> Annotated | None:
    """Return the annotations of the chosen pictures; None where there are none.

    Masks are prepared as their pictures are: made as large, then cut and scaled by the same steps.
    """
    said = images.annotations
    if said is None:
        return None

    def masks(concept: int, of: Integers) -> NDArray[np.bool_]:
        from PIL import Image  # noqa: PLC0415 - only where there are pictures

        drawn = []
        for row in rows[of].tolist():
            width, height = (int(side) for side in images.sizes[row])
            mask = said.mask(row, concept, (width, height))
            drawn.append(Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB"))
        shown = [views.colours(pixels).mean(axis=2) > 0.5 for pixels in views.tensors(drawn)]
        return np.stack(shown)

    return Annotated(said.names, said.present[rows], said.has_masks, masks)
