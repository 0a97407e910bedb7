"""What of a run has landed: its finished jobs as results, and what is still open or failed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from xai import figures
from xai.reports.results import Results
from xai.runner.manifest import manifest
from xai.web import shelf, system
from xai.web.models import Job, Run

if TYPE_CHECKING:
    import uuid


_ASKED = (Job.Role.METHOD, Job.Role.ANALYSIS)


@dataclass(frozen=True)
class Landed:
    """A run, its results so far, and the jobs without any."""

    run: Run
    jobs: tuple[Job, ...]

    @cached_property
    def folders(self) -> dict[str, Path]:
        """Where the results of the finished jobs lie, by the key that `Results` knows."""
        done = [job for job in self.jobs if job.state == Job.State.DONE]
        return {_name(job): shelf.results(job.result or job.key) for job in done}

    @cached_property
    def results(self) -> Results:
        """The finished jobs; nothing is read before it is asked for."""
        return Results.gather(self.manifest, self.folders)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What is known of the run without its results."""
        run = self.run
        return manifest(
            run.recipe,
            _described(run.model),
            _described(run.dataset),
            replacer=_described(run.replacer) if run.replacer else None,
            isolation=str(system.read()["isolation"].get("level", "unknown")),
            errors={job.method: job.error for job in self.failed if job.role in _ASKED},
            external=_described(run.external) if run.external else None,
        )

    def figure(self, name: str, **choices: object) -> str:
        """Return the address of a figure; it changes when more has landed."""
        chosen = {key: value for key, value in choices.items() if value != ""}
        query = urlencode({"v": self.version, **chosen})
        return f"{reverse('figure', args=[self.run.pk, name])}?{query}"

    @cached_property
    def version(self) -> str:
        """A digest of what has landed and how it is drawn: what it names does not change."""
        found = sorted(f"{name}={path.name}" for name, path in self.folders.items())
        found.append(_drawing())
        return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]

    @property
    def open(self) -> list[Job]:
        """The jobs that are still computed."""
        return [job for job in self.jobs if not job.is_over]

    @property
    def failed(self) -> list[Job]:
        """The jobs that ended without a result."""
        ended = [job for job in self.jobs if job.is_over and job.state != Job.State.DONE]
        return [job for job in ended if not self._is_needless(job)]

    def _is_needless(self, job: Job) -> bool:
        """Whether a step had too little to look at: nobody cancelled it, and nothing is missing."""
        is_quiet = job.state == Job.State.CANCELLED and not job.error
        return is_quiet and job.role in Job.LATER and not self.run.cancel_requested

    @property
    def has_agreement(self) -> bool:
        """Whether the agreement has been computed."""
        return "agreement" in self.folders

    @property
    def is_measured(self) -> bool:
        """Whether the faithfulness of this run is, or was to be, measured."""
        return any(job.role == Job.Role.FAITHFULNESS for job in self.jobs)


def landed(request: HttpRequest, pk: uuid.UUID) -> Landed:
    """Return what has landed of the owner's run; 404 for strangers and before the first result."""
    mine = Run.objects.for_user(request.user)
    runs = mine.select_related("model", "dataset", "external", "replacer")
    found = Landed(run := get_object_or_404(runs, pk=pk), tuple(run.jobs.all()))
    if "predictions" not in found.folders or len(found.folders) < 2:
        raise Http404("Nothing has landed yet.")
    return found


@lru_cache(maxsize=1)
def _drawing() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(figures.__path__[0]).glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _name(job: Job) -> str:
    if job.role == Job.Role.SELF:
        return f"self:{job.method}"
    return str(job.method or job.role)


def _described(upload: Any) -> dict[str, Any]:
    return {"name": upload.name, "size": upload.size, "facts": upload.facts}
