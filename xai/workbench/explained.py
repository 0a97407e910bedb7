"""What is explained of each text: its class, and whether its probability or its logit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xai.vocabulary import Integers

PROBABILITY, LOGIT = "probability", "logit"


@dataclass(frozen=True, slots=True)
class Explained:
    """The targets of n samples.

    Attributes
    ----------
    classes : array of shape (n,)
    unit : "probability" or "logit"
        The logit of a class does not saturate, and other classes have no part in it.
    """

    classes: Integers
    unit: str = PROBABILITY

    def scores(self, logits: Tensor, of: Integers) -> Tensor:
        """Return the score (b,) of logits (b, k) that belong to these samples."""
        values = logits if self.unit == LOGIT else logits.softmax(dim=-1)
        return values[torch.arange(len(of)), torch.from_numpy(self.classes[of])]
