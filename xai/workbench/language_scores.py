"""What methods may ask of a language model without its weights: scores, ranks, expectations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from xai.errors import InvalidParameter
from xai.units import Bools
from xai.vocabulary import Floats, Integers
from xai.workbench.continued import Continued
from xai.workbench.language import Language, batches
from xai.workbench.language_lender import Lender, lent


class KeptTokens:
    """The score of a problem: log-probabilities of the outputs when only some players stay.

    A removed token is hidden from all others, and the mean embedding stands in its place, which
    its own prediction is then made from. One forward serves all outputs of a sample.
    """

    def __init__(
        self, language: Language, samples: Sequence[Continued], players: Sequence[Integers]
    ) -> None:
        self._language, self._samples, self._players = language, samples, players

    @torch.inference_mode()
    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores (m, k); see `xai.units.Kept`."""
        most = max((len(sample.causes) for sample in self._samples), default=0)
        found = np.full((len(of), most), np.nan)
        for sample in np.unique(of):
            mine = np.flatnonzero(of == sample)
            count = len(self._samples[sample].causes)
            answers = count * self._language.size
            last = np.full(len(mine), len(self._samples[sample].ids) - 2)
            for rows in batches(last, answers):
                found[mine[rows], :count] = self._scores(int(sample), kept[mine[rows]])
        return found

    def _scores(self, sample: int, kept: Bools) -> Floats:
        language, one, players = self._language, self._samples[sample], self._players[sample]
        fixed = np.ones((len(kept), 1), dtype=bool)
        width = int(players.max(initial=-1)) + 1
        stays = torch.from_numpy(np.concatenate([kept[:, :width], fixed], axis=1)[:, players])
        whole = language.embed(torch.from_numpy(one.ids[:-1]))
        inputs = torch.where(stays[..., None], whole, language.blank)
        logits = language.logits(inputs, torch.from_numpy(one.causes - 1), ~stays)
        targets = torch.from_numpy(one.ids[one.causes]).expand(len(kept), -1)
        return log_probability(logits, targets).double().numpy()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where words come from that a language model does not have itself; found when asked for.

    Attributes
    ----------
    classes : callable
        Gives the word class of each token of the vocabulary, shape (v,).
    lender : callable, or None
        Opens the masked language model.
    """

    classes: Callable[[], Integers]
    lender: Callable[[], Lender] | None = None


class LanguageTokens:
    """Next-token predictions for methods that change tokens; see `reagent_model.NextTokens`."""

    def __init__(
        self,
        language: Language,
        samples: Sequence[Continued],
        frequencies: Floats,
        sources: Sources | None = None,
    ) -> None:
        self._language, self._samples, self._sources = language, samples, sources
        self.tokens = tuple(sample.ids for sample in samples)
        self.frequencies, self.ordinary = frequencies, language.ordinary
        self._lent: dict[tuple[int, int], tuple[Integers, Floats]] = {}

    @cached_property
    def classes(self) -> Integers:
        """The word class of each token; -1 where none is known."""
        if self._sources is None:
            return np.full(self._language.size, -1, dtype=np.int64)
        return self._sources.classes()

    def lent(self, sample: int, count: int) -> tuple[Integers, Floats]:
        """Return what the masked language model expects at each place; found once per context."""
        if self._sources is None or self._sources.lender is None:
            raise InvalidParameter(
                "The replacement source “masked” needs a masked language model. Name one with "
                "--replacer, or choose another source."
            )
        if (sample, count) not in self._lent:
            lender = self._sources.lender()
            self._lent[sample, count] = lent(self._language, lender, self._samples[sample], count)
        return self._lent[sample, count]

    @torch.inference_mode()
    def read(self, ids: Integers, places: Integers, targets: Integers) -> tuple[Floats, Integers]:
        """Return log-probability and rank of `targets` right after `places`, (m, q) each."""
        found = np.full(places.shape, np.nan)
        ranks = np.zeros(places.shape, dtype=np.int64)
        last = places.max(axis=1, initial=-1)
        for rows in batches(last, places.shape[1] * self._language.size):
            width = int(last[rows].max()) + 1
            asked = places[rows]
            unique = np.unique(asked[asked >= 0])
            logits = self._language.logits(
                torch.from_numpy(ids[rows, :width]), torch.from_numpy(unique)
            )
            at = np.minimum(np.searchsorted(unique, asked), len(unique) - 1)
            picked = logits[torch.arange(len(rows))[:, None], torch.from_numpy(at)]
            wanted = torch.from_numpy(targets[rows])
            own = picked.gather(-1, wanted[..., None])
            values = log_probability(picked, wanted).double().numpy()
            found[rows] = np.where(asked >= 0, values, np.nan)
            ranks[rows] = np.where(asked >= 0, (picked > own).sum(dim=-1).numpy(), 0)
        return found, ranks

    @torch.inference_mode()
    def likely(self, sample: int, count: int) -> tuple[Integers, Floats]:
        """Return the `count` tokens most expected at each place of the context, best first."""
        ids = torch.from_numpy(self.tokens[sample][:-1])[None]
        count = min(count, self._language.size)
        step = max(1, (1 << 24) // self._language.size)
        tokens = np.zeros((ids.shape[1], count), dtype=np.int64)
        shares = np.zeros((ids.shape[1], count))
        for start in range(0, ids.shape[1] - 1, step):
            places = torch.arange(start, min(start + step, ids.shape[1] - 1))
            best = self._language.logits(ids, places)[0].softmax(dim=-1).topk(count)
            tokens[places + 1], shares[places + 1] = best.indices.numpy(), best.values.numpy()
        return tokens, shares


def log_probability(logits: Tensor, targets: Tensor) -> Tensor:
    """Return log-probabilities of `targets` (m, q) under `logits` (m, q, v)."""
    own = logits.gather(-1, targets[..., None])[..., 0]
    return own - logits.logsumexp(dim=-1)
