"""One finished method of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from xai.evaluation.players import Groups, features
from xai.reports import reading
from xai.reports.ragged import Ragged, read_ragged
from xai.reports.reading import Explanations, Singles
from xai.vocabulary import Floats, Integers, Json


@dataclass(frozen=True)
class MethodResult:
    """What one method found. `slug` is "self:<method>" for the run with another seed.

    The arrays are empty for a method of scope "global": its result is in `Results.importance`.
    """

    slug: str
    folder: Path = field(repr=False)
    job: Mapping[str, Json] = field(repr=False)

    @property
    def title(self) -> str:
        """The name for people."""
        return str(self.job.get("title") or self.slug)

    @property
    def family(self) -> str:
        """Methods of one family work alike; "Control" is no explanation."""
        return str(self.job.get("family", ""))

    @property
    def scope(self) -> Literal["local", "global", "concepts", "heads"]:
        """Whether it explains rows, the model, what many rows share, or parts of the network."""
        scope = self.job.get("scope")
        if scope in {"concepts", "heads"}:
            return "concepts" if scope == "concepts" else "heads"
        return "global" if scope == "global" else "local"

    @property
    def is_signed(self) -> bool:
        """Whether a negative value speaks against the target."""
        return bool(self.job.get("is_signed", True))

    @property
    def is_complete(self) -> bool:
        """Whether its values promise to add up to the output."""
        return bool(self.job.get("is_complete", False))

    @property
    def names(self) -> tuple[str, ...]:
        """One per unit."""
        return tuple(self.job["names"])

    @property
    def members(self) -> Groups | None:
        """Features behind each unit; None where every unit is a feature."""
        groups = self.job.get("members")
        return None if groups is None else tuple(tuple(group) for group in groups)

    @property
    def groups(self) -> Groups:
        """Features behind each unit, also where every unit is a feature."""
        return features(len(self.names)) if self.members is None else self.members

    @property
    def params(self) -> dict[str, Json]:
        """All parameters, filled in."""
        return dict(self.job.get("params", {}))

    @property
    def notes(self) -> dict[str, Json]:
        """What the method says of its own computation."""
        return dict(self.job.get("notes") or {})

    @property
    def seed(self) -> int:
        """What fixed its draws."""
        return int(self.job.get("seed", 0))

    @property
    def evaluations(self) -> int:
        """How many rows the model evaluated for it."""
        return int(self.job.get("evaluations", 0))

    @property
    def seconds(self) -> float:
        """Computing time, summed over shards."""
        return float(self.job.get("seconds", 0.0))

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return str(self.job.get("unit", ""))

    @property
    def is_ragged(self) -> bool:
        """Whether its units differ by sample: `ragged` has its values then, the arrays none."""
        return self.job.get("layout") == "ragged"

    @property
    def ragged(self) -> Ragged:
        """Its explanations where units differ by sample, read when first asked for."""
        return read_ragged(self.folder)

    @property
    def explanations(self) -> Explanations:
        """Its explanations of single rows, read when first asked for."""
        if self.scope != "local" or self.is_ragged:
            none = np.zeros((0, len(self.names)), dtype=np.float32)
            return Explanations(np.zeros(0, dtype=np.int64), [], none, None, None, None)
        return reading.read_explanations(self.folder, len(self.names))

    @property
    def samples(self) -> Integers:
        """Rows of the dataset that it explains, shape (n,)."""
        return self.explanations.samples

    @property
    def targets(self) -> list[str]:
        """What is explained of each row."""
        return self.explanations.targets

    @property
    def values(self) -> Singles:
        """Attributions, shape (n, units)."""
        return self.explanations.values

    @property
    def base(self) -> Floats | None:
        """Where the values start from, shape (n,)."""
        return self.explanations.base

    @property
    def error(self) -> Singles | None:
        """Standard error of each value, shape (n, units), where estimated."""
        return self.explanations.error

    @property
    def gap(self) -> Floats | None:
        """Largest standard error of each row, or its completeness gap, shape (n,)."""
        return self.explanations.gap
