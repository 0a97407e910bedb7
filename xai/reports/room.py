"""How much of each sample fits into a report: one of a hundred samples must still be sent by mail.

Ten methods on a hundred samples stay under 15 MB: a map of 64 × 64 points is about 6 kB as PNG in
base64, a word about 45 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

FEW = 60
"""Explanations that are shown as they are."""
SIDE = 64
WORDS, WORDS_OF_FEW = 3, 8
"""Strongest words of each method around which a long text is unfolded."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a report with so many explanations of single samples shows of each."""

    explanations: int

    @property
    def is_small(self) -> bool:
        """Whether the samples are shortened."""
        return self.explanations > FEW

    @property
    def words(self) -> int:
        """How many of the strongest words of each method are kept in a long text."""
        return WORDS if self.is_small else WORDS_OF_FEW

    def grid(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the points of a map that are drawn, at most as many as it has."""
        return (min(shape[0], SIDE), min(shape[1], SIDE)) if self.is_small else shape
