"""The results of a run as pages, reports and exports read them: lazy, shared, never written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from xai.analyses.catalogue import ANALYSES
from xai.evaluation.agreement import CONTROL, SELF
from xai.evaluation.consensus import Consensus, gather
from xai.evaluation.players import coarsen, common_units, unit_names
from xai.methods.catalogue import CATALOGUE, TABULAR
from xai.reports import reading
from xai.reports.importance import ImportanceRow, mean_size, own_importance
from xai.reports.method import MethodResult
from xai.reports.ragged import read_samples
from xai.reports.reading import Inputs, Predictions
from xai.vocabulary import Json

__all__ = ["ImportanceRow", "MethodResult", "Results"]

PEOPLE = "people"
"""Where what people said lies, in `plausibility.json` and `answers.csv`; no job makes it."""
STEPS = {"predictions", "agreement", "faithfulness", "strategies", PEOPLE, *ANALYSES}
"""Finished jobs that are no methods."""
_REFERENCES = {"random": "Random order", "leave-one-out": "Leaving out one"}


@dataclass(frozen=True)
class Results:
    """Everything that a run has found so far; build it with `gather`."""

    manifest: dict[str, Json]
    folders: dict[str, Path] = field(repr=False)

    @classmethod
    def gather(cls, manifest: dict[str, Json], folders: Mapping[str, Path]) -> Results:
        """Take the folders of finished jobs; nothing is read yet.

        Parameters
        ----------
        manifest : dict
            What is known of the run without its results.
        folders : mapping
            By "predictions", "agreement", "faithfulness", "strategies", method, or "self:<method>".
        """
        return cls(manifest, dict(folders))

    @cached_property
    def methods(self) -> list[MethodResult]:
        """The finished methods, in the order in which they were asked for."""
        return [self._load(slug) for slug in self._ordered() if not slug.startswith(SELF)]

    @property
    def failed(self) -> dict[str, str]:
        """The sentence of each method that has no result, by slug."""
        return dict(self.manifest.get("errors") or {})

    def local_methods(self, *, with_self: bool = False) -> list[MethodResult]:
        """Return the methods that explain single rows, the control among them."""
        found = [method for method in self.methods if method.scope == "local"]
        if with_self:
            found += [self._load(slug) for slug in self._ordered() if slug.startswith(SELF)]
        return found

    def method(self, slug: str) -> MethodResult:
        """Return one method; KeyError if it has no result."""
        if slug in STEPS:
            raise KeyError(slug)
        return self._load(slug)

    def title(self, slug: str) -> str:
        """Return a method's name for people, also of a reference or a failed one."""
        if slug.startswith(SELF):
            return f"{self.title(slug.removeprefix(SELF))}, another seed"
        if slug in ANALYSES:
            return ANALYSES[slug].title
        if slug in self.folders:
            return self._load(slug).title
        if slug in _REFERENCES:
            return _REFERENCES[slug]
        return CATALOGUE[slug].title if slug in CATALOGUE else slug

    def contestant(self, slug: str) -> str:
        """Return a title where a random order is a reference, also beside a run's own control."""
        return _REFERENCES[slug] if slug in _REFERENCES else self.title(slug)

    @cached_property
    def predictions(self) -> Predictions:
        """What the model says for each row."""
        return reading.read_predictions(self.folders["predictions"])

    @cached_property
    def inputs(self) -> Inputs:
        """The features of each row."""
        folder = self.folders["predictions"]
        return reading.read_inputs(folder, tuple(reading.read_json(folder / "job.json")["names"]))

    @cached_property
    def samples(self) -> dict[int, Json]:
        """What a page shows of each text or picture, by row of the dataset."""
        return read_samples(self.folders["predictions"])

    @property
    def kind(self) -> str:
        """Kind of the model, a key of `catalogue.KINDS`."""
        return str(self._any_job.get("kind") or self.manifest.get("kind") or TABULAR)

    @property
    def agreement(self) -> dict[str, Json] | None:
        """The content of agreement.json, or None while it is not computed."""
        if "agreement" not in self.folders:
            return None
        return reading.read_json(self.folders["agreement"] / "agreement.json")

    @property
    def faithfulness(self) -> dict[str, Json] | None:
        """The content of faithfulness.json, or None while it is not computed."""
        if "faithfulness" not in self.folders:
            return None
        return reading.read_json(self.folders["faithfulness"] / "faithfulness.json")

    def analysis(self, slug: str) -> dict[str, Json] | None:
        """Return what an analysis found, or None if it was not asked for or is not there yet."""
        if slug not in self.folders:
            return None
        return reading.read_json(self.folders[slug] / f"{slug}.json")

    @property
    def plausibility(self) -> list[Json]:
        """What people said in each blind comparison, as in plausibility.json."""
        if PEOPLE not in self.folders:
            return []
        return list(reading.read_json(self.folders[PEOPLE] / "plausibility.json")["studies"])

    @cached_property
    def importance(self) -> list[ImportanceRow]:
        """Global importance: mean |value| by local methods, then the global methods' own."""
        local = [mean_size(m) for m in self.local_methods() if m.family != CONTROL]
        control = [mean_size(m) for m in self.local_methods() if m.family == CONTROL]
        own = [row for m in self.methods if m.scope == "global" for row in own_importance(m)]
        return local + own + control

    def sample_index(self, sample: int) -> int:
        """Return the position of a row of the dataset among the explained; KeyError if absent."""
        return self._positions[sample]

    def consensus_of(self, position: int) -> tuple[tuple[str, ...], Consensus] | None:
        """Put the methods together on one explained row: unit names, order, dispute.

        Returns
        -------
        (names, Consensus) with n = 1, or None if no method explains single rows.
        """
        methods = {m.slug: m for m in self.local_methods() if m.family != CONTROL}
        if not methods:
            return None
        own = {slug: m.groups for slug, m in methods.items()}
        voters, groups = common_units(own)
        row = slice(position, position + 1)
        votes = [
            coarsen(methods[slug].values[row].astype(np.float64), own[slug], groups)
            for slug in voters
        ]
        families = tuple(methods[slug].family or slug for slug in voters)
        names = {slug: m.names for slug, m in methods.items()}
        return unit_names(names, own, groups), gather(np.array(votes), families)

    @property
    def unit(self) -> str:
        """Unit of the explained output: margin, probability, logit or value."""
        return str(self._any_job.get("unit") or self.manifest.get("output", ""))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's outputs."""
        return tuple(map(str, self._any_job.get("outputs", ())))

    @property
    def problem(self) -> str:
        """Either "classification" or "regression"."""
        return str(self._any_job.get("problem", ""))

    @property
    def warnings(self) -> list[str]:
        """What the reader must know of the model, the data, and how they were fitted together."""
        manifest = self.manifest
        lists = [
            manifest.get("model", {}).get("notes", []),
            manifest.get("dataset", {}).get("notes", []),
            self._any_job.get("warnings", []),
        ]
        return list(dict.fromkeys(note for notes in lists for note in notes))

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of what computed the results."""
        return dict(self._any_job.get("libraries", {}))

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {int(sample): row for row, sample in enumerate(self.predictions.samples)}

    @property
    def _any_job(self) -> dict[str, Json]:
        order = ("predictions", *self._ordered())
        slug = next((slug for slug in order if slug in self.folders), None)
        return {} if slug is None else reading.read_json(self.folders[slug] / "job.json")

    def _ordered(self) -> list[str]:
        """Return the slugs with results: as in the recipe, then any others."""
        asked = [choice["slug"] for choice in self.manifest.get("recipe", {}).get("methods", [])]
        there = [slug for slug in self.folders if slug not in STEPS]
        known = [slug for slug in asked if slug in there]
        return known + [slug for slug in there if slug not in known]

    def _load(self, slug: str) -> MethodResult:
        folder = self.folders[slug]
        return MethodResult(slug, folder, reading.read_json(folder / "job.json"))
