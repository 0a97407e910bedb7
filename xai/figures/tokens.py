"""Running text coloured by attribution: tokens to words, values to steps of one colour scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.vocabulary import Floats, Integers, Json

STEPS = 6
"""Steps of colour from zero to the end of the scale, each way."""
AROUND = 4
"""Pieces kept on each side of one that matters, when a long text is folded."""


_ENDS = (".", "!", "?", "…", "。", "！", "？")
_QUOTES = "\"'”’»)] \t"
"""What may follow the mark that ends a sentence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a token as it stands in the text.

    Attributes
    ----------
    units : tuple of int
        The tokens it is made of; the value of a piece is the sum of theirs.
    gap : str
        What stands before it: "", " ", or a line break.
    is_second : bool
        It belongs to the second text of a pair.
    """

    text: str
    units: tuple[int, ...]
    gap: str = " "
    is_special: bool = False
    is_second: bool = False


def pieces(
    sample: Mapping[str, Json],
    *,
    by_token: bool,
    with_special: bool,
    by_sentence: bool = False,
) -> list[Piece]:
    """Return the words (or the tokens, or the sentences) of a sample, in order.

    Parameters
    ----------
    sample : mapping
        `tokens`, `words` (word of each token, -1 for none), `special`, and where known `spans`
        (start and stop of each token in its text) and `fields` (1 in the second text of a pair).
    """
    count = len(sample["tokens"])
    special = list(sample.get("special") or [False] * count)
    words = list(sample.get("words") or range(count))
    groups: list[list[int]] = []
    for unit in range(count):
        joins = (
            not by_token
            and groups
            and not special[unit]
            and words[unit] >= 0
            and words[unit] == words[groups[-1][-1]]
            and not special[groups[-1][-1]]
        )
        if joins:
            groups[-1].append(unit)
        else:
            groups.append([unit])
    if by_sentence:
        groups = _sentences(sample, groups, special)
    shown = [group for group in groups if with_special or not special[group[0]]]
    return [_piece(sample, group, shown[i - 1] if i else None) for i, group in enumerate(shown)]


def _sentences(
    sample: Mapping[str, Json], groups: list[list[int]], special: list[bool]
) -> list[list[int]]:
    """Join words up to a mark that ends a sentence, or a line break; special tokens stay alone."""
    tokens, fields = sample["tokens"], sample.get("fields")
    found: list[list[int]] = []
    has_ended = False
    for group in groups:
        first, before = group[0], found[-1][-1] if found else 0
        text = "".join(tokens[unit] for unit in group)
        is_quote = bool(text.strip()) and not text.strip(_QUOTES)
        joins = found and not (special[first] or special[before]) and (is_quote or not has_ended)
        if joins and (not fields or fields[first] == fields[before]):
            found[-1] += group
        else:
            found.append(list(group))
        if not is_quote:
            has_ended = text.rstrip(_QUOTES + "\n").endswith(_ENDS) or "\n" in text
    return found


def values_of(found: Sequence[Piece], values: Floats) -> Floats:
    """Sum the values of units (u,) over the units of each piece: (pieces,)."""
    return np.array([values[list(piece.units)].sum() for piece in found], dtype=np.float64)


def steps(values: Floats, end: float) -> Integers:
    """Return the step of colour of each value, -STEPS … STEPS; 0 for what hardly differs from 0."""
    if not end > 0:
        return np.zeros(len(values), dtype=np.int64)
    scaled = np.clip(np.nan_to_num(values) / end, -1, 1) * STEPS
    return np.asarray(np.sign(scaled) * np.floor(np.abs(scaled) + 0.5), dtype=np.int64)


def places(values: Floats) -> Integers:
    """Return the place of each piece by |value|, 1 for the strongest; equal ones share the best."""
    size = np.abs(values)
    return np.asarray((size[None, :] > size[:, None]).sum(axis=1) + 1, dtype=np.int64)


def folded(matters: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return the stretches (start, stop) that are kept around the pieces that matter."""
    kept = np.zeros(count, dtype=bool)
    for place in matters:
        kept[max(0, place - AROUND) : place + AROUND + 1] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.view(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _piece(sample: Mapping[str, Json], units: list[int], before: list[int] | None) -> Piece:
    special = bool((sample.get("special") or {units[0]: False})[units[0]])
    fields = sample.get("fields")
    second = bool(fields[units[0]]) if fields else False
    spans = sample.get("spans")
    text, gap = "".join(sample["tokens"][unit] for unit in units), " "
    if spans and not special and spans[units[0]] and spans[units[-1]]:
        whole = (sample.get("pair") or "") if second else sample["text"]
        start, stop = spans[units[0]][0], spans[units[-1]][1]
        text = whole[start:stop] or text
        last = spans[before[-1]][1] if before and spans[before[-1]] else 0
        between = whole[last:start] if last <= start else ""
        gap = "\n" if "\n" in between else " " if between or start == 0 else ""
    return Piece(text.strip() or text, tuple(units), gap, is_special=special, is_second=second)
