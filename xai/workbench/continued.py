"""Prompts and what follows them: given, or written by the model one token after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from xai.errors import XaiError
from xai.units import Bools
from xai.vocabulary import Floats, Integers
from xai.workbench.language import Language


@dataclass(frozen=True, slots=True)
class Continued:
    """A prompt and its continuation, L tokens in all.

    Attributes
    ----------
    ids : array of shape (L,)
    prompt : int
        Tokens of the prompt.
    cut : int
        Tokens left out at the beginning of a prompt that was too long.
    text : str
        What the tokens say; pieces are parts of it, special tokens are not.
    pieces : tuple of str, length L
    spans : tuple of (start, stop) in `text`
    words : array of shape (L,)
        Word of each token, counted from 0; -1 for special tokens.
    special : array of shape (L,)
    """

    ids: Integers
    prompt: int
    cut: int
    text: str
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: Integers
    special: Bools

    @property
    def causes(self) -> Integers:
        """Tokens before each token of the continuation, shape (k,)."""
        return np.arange(self.prompt, len(self.ids), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Writing:
    """How a continuation comes about.

    Attributes
    ----------
    tokens : how many at most, written or read
    temperature : 0 takes the likeliest token each time, 1 draws as the model says
    """

    tokens: int
    temperature: float
    seed: int


def continued(
    language: Language, prompt: str, given: str | None, writing: Writing, row: int
) -> Continued:
    """Tokenize a prompt and its continuation, which the model writes if none is given.

    Raises
    ------
    XaiError
        If nothing comes before the continuation, or nothing in it.
    """
    ids = language.tokenizer(prompt)["input_ids"]
    while len(ids) > 1 and ids[-1] in language.control:
        ids = ids[:-1]  # a prompt that ends is not continued
    if not ids:
        raise XaiError(f"Row {row} has an empty prompt; leave that row out, or write a prompt.")
    more = None if given is None else _given(language, prompt, given, len(ids))
    wanted = writing.tokens if more is None else min(writing.tokens, len(more))
    if not wanted:
        raise XaiError(f"Row {row} has an empty continuation; leave that row out, or write one.")
    ids, cut = _shortened(language, ids, wanted)
    more = _written(language, ids, writing, row) if more is None else more[:wanted]
    return _described(language, ids, more, cut)


def _given(language: Language, prompt: str, given: str, count: int) -> list[int]:
    """Return the tokens of a continuation as they follow the prompt."""
    joint = "" if prompt[-1:].isspace() or given[:1].isspace() or not prompt else " "
    whole: list[int] = language.tokenizer(prompt + joint + given)["input_ids"]
    while len(whole) > count and whole[-1] in language.control:
        whole = whole[:-1]
    return whole[count:]


def _shortened(language: Language, ids: list[int], wanted: int) -> tuple[list[int], int]:
    """Leave out the beginning of what is too long, but not the token that starts a text."""
    room = language.most - wanted
    if room < 2:
        raise XaiError(
            f"The model reads at most {language.most} tokens, so no room is left before "
            f"{wanted} new ones. Ask for fewer tokens."
        )
    cut = max(0, len(ids) - room)
    if not cut:
        return ids, 0
    first = ids[:1] if ids[0] in language.control else []
    return first + ids[len(ids) - room + len(first) :], cut


@torch.inference_mode()
def _written(language: Language, ids: list[int], writing: Writing, row: int) -> list[int]:
    """Let the model write, one token at a time, until it ends the text.

    One prompt at a time: the result must not depend on what else is in a batch.
    """
    random = np.random.default_rng([writing.seed, row])
    fresh, memory, written = torch.tensor([ids]), None, list[int]()
    while len(written) < writing.tokens:
        logits, memory = language.follow(fresh, memory)
        token = _choice(logits.double().numpy(), writing.temperature, random)
        written.append(token)
        if token == language.tokenizer.eos_token_id:
            break
        fresh = torch.tensor([[token]])
    return written


def _choice(logits: Floats, temperature: float, random: np.random.Generator) -> int:
    if not temperature:
        return int(logits.argmax())
    shares = np.cumsum(np.exp((logits - logits.max()) / temperature))
    found = np.searchsorted(shares, random.random() * shares[-1], side="right")
    return int(min(found, len(shares) - 1))


def _described(language: Language, ids: list[int], more: list[int], cut: int) -> Continued:
    """Say which part of the text each token stands for."""
    whole = [*ids, *more]
    special = np.isin(whole, sorted(language.control))
    ends, text = [], ""
    for count in range(1, len(whole) + 1):
        written = [t for t in whole[:count] if t not in language.control]
        decoded = language.tokenizer.decode(written, skip_special_tokens=False)
        # A letter may need several tokens; until its last one there is no letter.
        text = decoded if not decoded.endswith("\ufffd") else text
        ends.append(len(text))
    starts = [0, *ends[:-1]]
    spans = tuple((min(a, b), b) for a, b in zip(starts, ends, strict=True))
    pieces = tuple(
        language.tokenizer.convert_ids_to_tokens(token) if is_special or a == b else text[a:b]
        for token, is_special, (a, b) in zip(whole, special, spans, strict=True)
    )
    return Continued(
        ids=np.array(whole, dtype=np.int64),
        prompt=len(ids),
        cut=cut,
        text=text,
        pieces=pieces,
        spans=spans,
        words=_words(pieces, special),
        special=special,
    )


def _words(pieces: tuple[str, ...], special: Bools) -> Integers:
    """Count words: one begins after a space, or with one; -1 for special tokens."""
    word, words, is_open, space = -1, [], False, False
    for piece, is_special in zip(pieces, special, strict=True):
        if is_special:
            words.append(-1)
            is_open, space = False, False
            continue
        if not is_open or (piece[:1].isspace() and not space):
            word += 1
        words.append(word)
        space = piece.isspace()  # alone, it belongs to the word that comes
        is_open = space or not piece[-1:].isspace()
    return np.array(words, dtype=np.int64)
