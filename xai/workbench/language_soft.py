"""A language model that reads a part of the numbers of each token: for soft faithfulness."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from xai.units import Bools
from xai.vocabulary import Floats
from xai.workbench.continued import Continued
from xai.workbench.language import LOGITS_AT_ONCE, TOKENS_AT_ONCE, Language


class SoftTokens:
    """See `xai.evaluation.soft.Soft`: the answer is the distribution of the next token."""

    most = math.inf

    def __init__(self, language: Language, samples: Sequence[Continued]) -> None:
        self._language, self._samples = language, samples
        self._last: tuple[int, int] | None = None
        self.width = int(language.blank.shape[0])

    @torch.inference_mode()
    def distances(self, sample: int, output: int, kept: Bools) -> Floats:
        """Return the Hellinger distance (m,) of the answer to its answer to the whole context.

        Parameters
        ----------
        kept : array of shape (m, c, e)
            Numbers that stay of the c tokens before the output; the others become 0.
        """
        one = self._samples[sample]
        place = int(one.causes[output]) - 1
        whole = self._language.embed(torch.from_numpy(one.ids[: place + 1]))
        if self._last != (sample, output):  # all methods are judged at one output after another
            self._last, self._whole = (sample, output), self._root(whole[None], place)
        step = max(1, min(TOKENS_AT_ONCE // (place + 1), LOGITS_AT_ONCE // self._language.size))
        found = [
            (self._root(whole * torch.from_numpy(kept[i : i + step]), place) - self._whole)
            .square()
            .sum(dim=-1)
            for i in range(0, len(kept), step)
        ]
        return (torch.cat(found) / 2).clamp(0, 1).sqrt().numpy()

    def _root(self, inputs: Tensor, place: int) -> Tensor:
        """Return the square root of the next token's distribution, shape (m, v)."""
        logits = self._language.logits(inputs, torch.tensor([place]))[:, 0]
        return (logits.double().log_softmax(dim=-1) / 2).exp()
