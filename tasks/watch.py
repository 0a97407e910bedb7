"""What stands still, by this process's own clock: the clocks of walls, and so of rows, may jump.

A lease is renewed every few seconds, and each renewal changes it. Whoever watches a lease that has
not changed for its whole length knows that its holder is silent, whatever time the rows tell.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import Generic, TypeVar

clock = time.monotonic
Thing = TypeVar("Thing", bound=Hashable)


class Watch(Generic[Thing]):
    """Remembers since when each thing has looked the same."""

    def __init__(self) -> None:
        self._seen: dict[Thing, tuple[Hashable, float]] = {}

    def still(self, found: Mapping[Thing, Hashable], length: timedelta) -> set[Thing]:
        """Return the keys whose value has not changed for so long; what is not found is forgotten.

        Parameters
        ----------
        found : mapping
            All that is watched now: a key and how it looks.
        length : timedelta
            Measured from the first call that saw the value.
        """
        moment = clock()
        seen = {
            key: kept if (kept := self._seen.get(key)) and kept[0] == value else (value, moment)
            for key, value in found.items()
        }
        self._seen = seen
        return {key for key, (_, since) in seen.items() if moment - since >= length.total_seconds()}

    def forget(self) -> None:
        """Begin anew."""
        self._seen = {}
