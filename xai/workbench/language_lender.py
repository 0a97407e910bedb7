"""A masked language model that lends its words to a causal one: what else could stand here.

The two vocabularies are aligned by letters. A token of the causal model stands for some letters of
the text; the tokens of the masked model that share letters with them make way for one mask. Each
guess is written into the text in their place, and the causal model's tokenizer reads that stretch
again: where it reads as many tokens as before, and the same ones around, the token at each place is
a candidate there. Other places have none.
A prompt is read whole, but not what was written after it; a written token with all before it: the
answer must not tell what should be asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xai.assets.folder import load_network, load_tokenizer, unpack
from xai.vocabulary import Floats, Integers
from xai.workbench.continued import Continued
from xai.workbench.language import Language

TOKENS_AT_ONCE = 2048
"""Tokens in one forward of the masked model."""
LEAST = 1e-6
"""Probability below which a guess is none."""
AROUND = 6
"""Tokens on either side that are read again with a guess; farther ones cannot change."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of text that makes way for one mask.

    Attributes
    ----------
    start, stop : int
        Its letters.
    ids : tuple of int
        The masked model's tokens, special ones included, with the mask at `place`.
    """

    start: int
    stop: int
    ids: tuple[int, ...]
    place: int


class Lender:
    """The network and the tokenizer of a masked language model."""

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._most = int(tokenizer.model_max_length)
        shown = tokenizer("a", return_special_tokens_mask=True)
        fixed = np.array(shown["special_tokens_mask"], dtype=bool)
        ids = np.array(shown["input_ids"])
        inner = np.flatnonzero(~fixed)
        self._before, self._after = ids[: inner[0]].tolist(), ids[inner[-1] + 1 :].tolist()
        self._anchor = ids[inner].tolist()
        self._strings: dict[int, str] = {}
        self.lowers = self._plain("A") == self._plain("a")

    def gap(self, text: str, start: int, stop: int) -> Gap | None:
        """Return the gap at letters `start` to `stop` of a text; None where nothing is read."""
        found = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        at = [j for j, (a, b) in enumerate(found["offset_mapping"]) if a < stop and b > start]
        if not at:
            return None
        ids, spans = found["input_ids"], found["offset_mapping"]
        first, last = spans[at[0]][0], spans[at[-1]][1]
        first += len(text[first:last]) - len(text[first:last].lstrip())
        room = self._most - len(self._before) - len(self._after)
        left = max(0, min(at[0] - room // 2, len(ids) - (at[-1] - at[0]) - room))
        head, tail = ids[left : at[0]], ids[at[-1] + 1 :][: room - (at[0] - left) - 1]
        mask = [int(self._tokenizer.mask_token_id)]
        given = [*self._before, *head, *mask, *tail, *self._after]
        return Gap(first, last, tuple(given), len(self._before) + len(head))

    @torch.inference_mode()
    def guesses(self, gaps: Sequence[Gap], count: int) -> list[list[tuple[str, float]]]:
        """Return the likeliest words for each gap with their probabilities, best first.

        A word that follows a space begins with one.
        """
        found: list[list[tuple[str, float]]] = [[] for _ in gaps]
        for rows in _batches([len(gap.ids) for gap in gaps]):
            width = max(len(gaps[row].ids) for row in rows)
            ids = np.zeros((len(rows), width), dtype=np.int64)
            for at, row in enumerate(rows):
                ids[at, : len(gaps[row].ids)] = gaps[row].ids
            sizes = torch.tensor([len(gaps[row].ids) for row in rows])
            seen = torch.arange(width)[None] < sizes[:, None]
            logits = self._network(
                input_ids=torch.from_numpy(ids), attention_mask=seen.long()
            ).logits
            places = torch.tensor([gaps[row].place for row in rows])
            shares = logits[torch.arange(len(rows)), places].double().softmax(dim=-1)
            best = shares.topk(min(count, shares.shape[1]))
            for at, row in enumerate(rows):
                pairs = zip(best.indices[at].tolist(), best.values[at].tolist(), strict=True)
                found[row] = [(self._string(t), share) for t, share in pairs if share > LEAST]
        return found

    def _string(self, token: int) -> str:
        """Return what a token adds behind a word: with a space, if it begins one."""
        if token not in self._strings:
            word = self._decoded(self._anchor)
            whole = self._decoded([*self._anchor, token])
            known = token not in self._tokenizer.all_special_ids and whole.startswith(word)
            self._strings[token] = whole[len(word) :] if known else ""
        return self._strings[token]

    def _decoded(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False))

    def _plain(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


@lru_cache(maxsize=1)
def open_lender(path: str) -> Lender:
    """Open a zipped folder once per child."""
    folder = unpack(Path(path), Path(tempfile.gettempdir()))
    return Lender(load_network(folder), load_tokenizer(folder))


def lent(
    language: Language, lender: Lender, sample: Continued, count: int
) -> tuple[Integers, Floats]:
    """Return what the masked model expects in place of each token but the last.

    Returns
    -------
    ids, probabilities : arrays of shape (u, count)
        Tokens of the causal model, never the one that stands there; a place without any has zeros.
    """
    units = len(sample.ids) - 1
    gaps: dict[tuple[str, int, int], Gap] = {}
    places: dict[tuple[str, int, int], list[int]] = {}
    for unit in range(units):
        gap = _gap(lender, sample, unit)
        if gap is not None:
            key = (str(gap.ids), gap.start, gap.stop)
            gaps[key] = gap
            places.setdefault(key, []).append(unit)
    keys = list(gaps)
    found: list[dict[int, float]] = [{} for _ in range(units)]
    for key, words in zip(keys, lender.guesses([gaps[key] for key in keys], count), strict=True):
        _align(language, sample, gaps[key], _fitting(lender, sample.text, gaps[key], words), found)
    ids, shares = np.zeros((units, count), dtype=np.int64), np.zeros((units, count))
    for unit, tokens in enumerate(found):
        best = sorted(tokens.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
        for at, (token, share) in enumerate(best):
            ids[unit, at], shares[unit, at] = token, share
    return ids, shares


def _gap(lender: Lender, sample: Continued, unit: int) -> Gap | None:
    start, stop = sample.spans[unit]
    letters = sample.text[start:stop]
    start += len(letters) - len(letters.lstrip())
    if sample.special[unit] or start >= stop:
        return None
    is_prompt = unit < sample.prompt
    end = sample.spans[sample.prompt - 1][1] if is_prompt else stop
    return lender.gap(sample.text[:end], start, stop)


def _fitting(
    lender: Lender, text: str, gap: Gap, words: list[tuple[str, float]]
) -> Iterator[tuple[str, float]]:
    """Yield the words that can stand in a gap: with or without a space, as it is there."""
    original = text[gap.start : gap.stop]
    follows = gap.start > 0 and text[gap.start - 1].isspace()
    for word, share in words:
        bare = word.strip()
        if not bare or bare.casefold() == original.casefold():
            continue
        spaced = word[0].isspace()
        glues = spaced and not follows and not bare[0].isalnum()  # a mark behind a word
        if gap.start == 0 or spaced == follows or glues:
            is_capital = lender.lowers and original[:1].isupper()
            yield (bare[0].upper() + bare[1:] if is_capital else bare), share


def _align(
    language: Language,
    sample: Continued,
    gap: Gap,
    words: Iterator[tuple[str, float]],
    found: list[dict[int, float]],
) -> None:
    """Add the tokens that words have in the causal model's vocabulary, place by place."""
    inside = [u for u, (a, b) in enumerate(sample.spans[:-1]) if a < gap.stop and b > gap.start]
    if not inside:
        return
    left = sample.spans[max(0, inside[0] - AROUND)][0]
    right = sample.spans[min(len(sample.spans) - 1, inside[-1] + AROUND)][1]
    head, tail = sample.text[left : gap.start], sample.text[gap.stop : right]
    given = [(sample.text[gap.start : gap.stop], 0.0), *words]
    read = language.tokenizer(
        [head + word + tail for word, _ in given],
        add_special_tokens=False,
        return_offsets_mapping=True,
    )
    texts = [
        _three(ids, spans, len(head), len(head) + len(word))
        for ids, spans, (word, _) in zip(
            read["input_ids"], read["offset_mapping"], given, strict=True
        )
    ]
    before, own, after = texts[0]
    if own != sample.ids[inside].tolist():
        return  # the text is not read as it was written: nothing can be told of this place
    for (one, tokens, other), (_, share) in zip(texts[1:], given[1:], strict=True):
        if (one, other) == (before, after) and len(tokens) == len(own):
            for unit, token, kept in zip(inside, tokens, own, strict=True):
                if token != kept and language.ordinary[token]:
                    found[unit][token] = found[unit].get(token, 0.0) + share


def _three(
    ids: list[int], spans: list[tuple[int, int]], start: int, stop: int
) -> tuple[list[int], list[int], list[int]]:
    """Return the tokens before, in and behind a stretch of letters."""
    own = [j for j, (a, b) in enumerate(spans) if a < stop and b > start]
    if not own:
        return ids, [], []
    return ids[: own[0]], ids[own[0] : own[-1] + 1], ids[own[-1] + 1 :]


def _batches(sizes: list[int]) -> Iterator[list[int]]:
    order = sorted(range(len(sizes)), key=lambda row: sizes[row])
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end - start + 1) * sizes[order[end]] > TOKENS_AT_ONCE:
            yield order[start:end]
            start = end
