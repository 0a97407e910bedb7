"""The concepts of a run as pages and reports read them: by class, in order, with their maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from xai.reports.gallery import SHARPEST
from xai.reports.method import MethodResult
from xai.reports.reading import stamp
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers, Json


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Each concept in each picture, e pairs; `sobols` is NaN where the logit does not move."""

    samples: Integers
    concepts: Integers
    coefficients: Floats
    importances: Floats
    sobols: Floats

    def pictures(self, concepts: set[int]) -> list[int]:
        """Return the rows of the dataset in which these concepts were looked for."""
        mine = np.isin(self.concepts, list(concepts))
        return [int(sample) for sample in np.unique(self.samples[mine])]

    def at(self, sample: int, concept: int) -> int:
        """Return the place of a pair; KeyError if there is none."""
        found = np.flatnonzero((self.samples == sample) & (self.concepts == concept))
        if not len(found):
            raise KeyError(f"{sample}, {concept}")
        return int(found[0])


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """Where a concept lies in a picture: `values` (height * width,), row by row, `end` of scale."""

    values: Floats
    shape: tuple[int, int]
    end: float

    @property
    def is_signed(self) -> bool:
        """Whether some places hold less than nothing of the concept."""
        return bool((self.values < 0).any())


def method_of(results: Results) -> MethodResult | None:
    """Return the method that found concepts, or None."""
    return next((method for method in results.methods if method.scope == "concepts"), None)


def classes_of(method: MethodResult) -> list[str]:
    """Return the classes that have concepts, in the order of the method."""
    return list(dict.fromkeys(concept["class"] for concept in method.job["concepts"]))


def top_of(method: MethodResult, target: str) -> list[Json]:
    """Return the concepts of a class, the most important first, without their parts."""
    found = method.job["concepts"]
    return [one for one in found if one["class"] == target and one["parent"] is None]


def parts_of(method: MethodResult, concept: Json) -> list[Json]:
    """Return the parts of a composite concept; none for a simple one."""
    return [one for one in method.job["concepts"] if one["parent"] == concept["id"]]


def facts_of(method: MethodResult, target: str) -> dict[str, Json]:
    """Return what is known of a class's dictionary: logit error, warning, exactness."""
    notes = method.notes.get("classes") or []
    return next((dict(note) for note in notes if note["target"] == target), {})


def annotations_of(method: MethodResult, target: str) -> dict[str, Json] | None:
    """Return how a class's concepts, or those of all together, agree with annotations."""
    found = {one["target"]: one for one in method.notes.get("annotations") or []}
    one = found.get(target) or found.get("")
    return None if one is None else dict(one)


def curve_of(method: MethodResult, target: str) -> list[Json]:
    """Return logit error and stability by number of concepts, of a class or of all together."""
    found = {curve["target"]: curve["points"] for curve in method.notes.get("curves") or []}
    return list(found.get(target) or found.get("") or [])


def shares_of(method: MethodResult) -> Shares:
    """Return each concept's share in each picture."""
    path = method.folder / "concepts.parquet"
    return _shares(path, stamp(path))


def painted(method: MethodResult, sample: int, concepts: list[int]) -> list[Painted]:
    """Return the maps of several concepts in one picture, on one scale.

    Raises
    ------
    KeyError
        If a concept was not looked for in the picture.
    """
    places = [shares_of(method).at(sample, concept) for concept in concepts]
    found = _maps(method.folder / "concept_maps.parquet", places)
    sizes = np.abs(np.concatenate([values for values, _shape in found])) if found else np.zeros(1)
    end = float(np.percentile(sizes, SHARPEST)) or float(sizes.max())
    return [Painted(values, shape, end) for values, shape in found]


def _maps(path: Path, places: list[int]) -> list[tuple[Floats, tuple[int, int]]]:
    """Read the rows at `places`, and of the others only those of the same groups."""
    found = {}
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        starts = np.cumsum([0, *sizes])
        groups = np.searchsorted(starts, places, side="right") - 1
        for group in np.unique(groups):
            table = file.read_row_group(int(group), columns=["values", "shape"])
            for place in np.array(places)[groups == group].tolist():
                row = place - int(starts[group])
                values = table.column("values")[row].values.to_numpy().astype(np.float64)
                height, width = table.column("shape")[row].as_py()
                found[place] = (values, (int(height), int(width)))
    return [found[place] for place in places]


@lru_cache(maxsize=8)
def _shares(path: Path, _stamp: int) -> Shares:
    table = pq.read_table(path)
    names = ("sample", "concept", "coefficient", "importance", "sobol")
    return Shares(*(table.column(name).to_numpy() for name in names))
