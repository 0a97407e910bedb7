"""Texts as a classifier reads them: tokens, the words they belong to, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.units import FIXED, Bools
from xai.vocabulary import Integers, Json


@dataclass(frozen=True, slots=True)
class Tokenized:
    """One text, or a pair, of t tokens.

    Attributes
    ----------
    ids, types : arrays of shape (t,)
        Types are what the network is told: for some of them 0 in both texts.
    fields : array of shape (t,)
        0 in the first text, 1 in the second.
    words : array of shape (t,)
        Word of each token, counted from 0 over both texts; -1 for special tokens.
    special : array of shape (t,)
    spans : tuple of (start, stop)
        In the text the token belongs to; (0, 0) for special tokens.
    pieces : tuple of str
        What stands there in the text; a special token by its name.
    cut : bool
        The text was longer than the model can read; its end was left out.
    """

    text: str
    pair: str
    ids: Integers
    types: Integers
    fields: Integers
    words: Integers
    special: Bools
    spans: tuple[tuple[int, int], ...]
    pieces: tuple[str, ...]
    cut: bool

    @property
    def players(self) -> Integers:
        """Words are removed as a whole; special tokens never."""
        return np.where(self.special, FIXED, self.words).astype(np.int64)

    def shown(self) -> Json:
        """Return what a page needs to show it."""
        return {
            "text": self.text,
            "pair": self.pair,
            "tokens": list(self.pieces),
            "words": self.words.tolist(),
            "special": self.special.tolist(),
            "spans": [list(span) for span in self.spans],
            "fields": self.fields.tolist(),
            "cut": self.cut,
        }


def tokenized(tokenizer: Any, most: int, text: str, pair: str | None = None) -> Tokenized:
    """Return a text, or a pair of texts, as tokens; what is too long is cut at its end."""
    given = (text,) if pair is None else (text, pair)
    found = tokenizer(
        *given,
        truncation=True,
        max_length=most,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_overflowing_tokens=False,
    )
    special = np.array(found["special_tokens_mask"], dtype=bool)
    sequences = [0 if s is None else int(s) for s in found.sequence_ids(0)]
    spans = tuple(
        (0, 0) if fixed else (int(a), int(b))
        for fixed, (a, b) in zip(special, found["offset_mapping"], strict=True)
    )
    ids = np.array(found["input_ids"], dtype=np.int64)
    pieces = tuple(
        tokenizer.convert_ids_to_tokens(int(token)) if fixed else given[sequence][a:b]
        for token, fixed, sequence, (a, b) in zip(ids, special, sequences, spans, strict=True)
    )
    types = found.get("token_type_ids", sequences)
    whole = tokenizer(*given, truncation=False, verbose=False)["input_ids"]
    return Tokenized(
        text=text,
        pair=pair or "",
        ids=ids,
        types=np.array(types, dtype=np.int64),
        fields=np.array(sequences, dtype=np.int64),
        words=_words(found.word_ids(0), sequences, special, spans, given),
        special=special,
        spans=spans,
        pieces=pieces,
        cut=len(whole) > len(ids),
    )


def _words(
    found: list[int | None],
    sequences: list[int],
    special: Bools,
    spans: tuple[tuple[int, int], ...],
    texts: tuple[str, ...],
) -> Integers:
    """Count words as the tokenizer splits the text; by spaces where it does not split at all."""
    splits = len({w for w in found if w is not None}) > 1
    words, last, word = [], None, -1
    for i, fixed in enumerate(special):
        if fixed:
            words.append(-1)
            last = None
            continue
        text, (start, _) = texts[sequences[i]], spans[i]
        if splits:
            key: object = (sequences[i], found[i])
        else:
            key = (sequences[i], len(text[: start + 1].split()))
        word += key != last
        last = key
        words.append(word)
    return np.array(words, dtype=np.int64)
