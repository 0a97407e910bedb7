"""A whole run in one process, without database, broker or login: what `manage.py explain` does."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from xai.assets.packing import pack
from xai.errors import InvalidParameter, RefusedFile, XaiError
from xai.jail import browser, level
from xai.reports.bundle import write_bundle
from xai.reports.outline import check_sections, outline
from xai.reports.results import Results
from xai.runner import agreement, faithfulness, lenders, replacers, strategies
from xai.runner.manifest import manifest
from xai.runner.merge import merge
from xai.runner.options import Options, choices_of, score_of, target_of, temperature_of, tokens_of
from xai.runner.plan import JobPlan, plan
from xai.runner.session import Session, fit, inspect
from xai.vocabulary import Json, Progress, Recipe

ROWS_DEFAULT = 100
FORMATS = ("html", "pdf")
"""Of the report; the HTML is always there."""

Report = Callable[[str, int, int], None]
"""Called with (what is being done, done, total) in model evaluations."""


def explain(
    model: Path, dataset: Path, out: Path, options: Options, report: Report
) -> dict[str, str]:
    """Explain a model on a dataset and write the bundle to `out`.

    Returns
    -------
    dict
        The sentence of each method that failed, by slug, and of each file that could not be made,
        by name; empty when all are done.

    Raises
    ------
    XaiError
        If a file or a choice is refused; nothing is written then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidParameter(f"{out} exists already. Name a new folder with --out.")
    for path in filter(None, (model, dataset, options.external)):
        if not path.exists():
            raise RefusedFile(f"There is no file {path}.")
    if dataset.is_dir():
        raise RefusedFile(f"{dataset} is a folder. Zip a folder of pictures and name the zip.")
    check_sections(options.sections)
    _check_formats(options.formats)
    with tempfile.TemporaryDirectory(prefix="parallax-") as work:
        run = _Run(_packed(model, Path(work)), dataset, options, report, Path(work))
        folders = run.compute()
        report("Writing the bundle", 0, 0)
        results = Results.gather(run.manifest(), folders)
        chosen = outline(options.title, options.sections, options.samples, results)
        chosen = replace(chosen, with_pdf="pdf" in options.formats)
        return run.failed | write_bundle(results, out, chosen)


def _check_formats(formats: tuple[str, ...]) -> None:
    """Refuse before hours of work what cannot be written after it."""
    for form in formats:
        if form not in FORMATS:
            raise InvalidParameter(f"A report is written as {' or '.join(FORMATS)}, not {form!r}.")
    if "pdf" in formats and browser.find() is None:
        raise InvalidParameter(browser.MISSING)


_STEPS = {"agreement": agreement.evaluate, strategies.ROLE: strategies.evaluate}
"""Steps that need no model, by role."""


class _Run:
    """One run in one process: inspected files, the recipe, and what failed on the way."""

    def __init__(
        self, model: Path, dataset: Path, options: Options, report: Report, work: Path
    ) -> None:
        self.model, self.dataset, self.options = model, dataset, options
        self.report, self.work = report, work
        self.failed: dict[str, str] = {}
        report("Inspecting the model", 0, 0)
        self.model_facts = inspect(model, model.name, "model", work)
        report("Inspecting the data", 0, 0)
        self.data_facts = inspect(dataset, dataset.name, "dataset", work)
        self.external_facts = self._inspect_external()
        form = self.model_facts["format"]
        self.kind = str(self.model_facts["kind"])
        choices = {
            "label": options.label,
            "features": list(options.features),
            "text": options.text,
            "pair": options.pair,
            "continuation": options.continuation,
        }
        self.fit = fit(model, form, dataset, work, kind=self.kind, **choices)
        self.replacer, self.replacer_facts = None, dict[str, Json]()
        if options.replacer is not None:
            self.replacer, self.replacer_facts = lenders.opened(options.replacer, work)
        self.recipe = self._recipe()
        replacers.check(self.recipe)
        if options.external:
            named = {"label": self.recipe.label, "features": list(options.features)}
            fit(model, form, options.external, work, kind=self.kind, **named)

    def _inspect_external(self) -> Json | None:
        path = self.options.external
        return inspect(path, path.name, "dataset", self.work) if path else None

    def compute(self) -> dict[str, Path]:
        """Compute every job; return the folders of those that are done."""
        folders: dict[str, Path] = {}
        threads = os.cpu_count() or 1
        form = self.model_facts["format"]
        session = Session(
            self.model,
            form,
            self.dataset,
            scratch=self.work,
            threads=threads,
            external=self.options.external,
            replacer=self.replacer,
            code=self.options.code if "trees" in self.model_facts["capabilities"] else None,
        )
        with session:
            for job in plan(self.recipe, self.model_facts, self.data_facts):
                try:
                    folders[_name(job)] = self._one(session, job, folders)
                except XaiError as error:
                    if job.role == "predictions":
                        raise
                    if job.role in {"method", "analysis"}:
                        self.failed[job.method] = str(error)
        return folders

    def manifest(self) -> dict[str, Json]:
        """Return what is known of the run without its results."""
        return manifest(
            self.recipe,
            _described(self.model, self.model_facts),
            _described(self.dataset, self.data_facts),
            isolation=level(),
            errors=self.failed,
            command=self.options.command,
            external=_described(self.options.external, self.external_facts)
            if self.options.external
            else None,
            replacer=_described(self.replacer, self.replacer_facts) if self.replacer else None,
        )

    def _one(self, session: Session, job: JobPlan, folders: Mapping[str, Path]) -> Path:
        facts, target = job.as_json() | {"key": job.key}, self.work / job.key
        if job.role in _STEPS:
            self.report(job.role, 0, 0)
            _STEPS[job.role](folders, target, facts)
            return target
        recipe, is_measured = self.recipe, job.role == faithfulness.ROLE
        if is_measured:
            recipe = faithfulness.narrowed(recipe, folders)
        parts, before = [], 0
        for index, shard in enumerate(job.shards):
            part = target / "parts" / str(index)
            reply = session.compute(
                recipe,
                job.as_json(),
                shard.start,
                shard.stop,
                part,
                given=faithfulness.given(folders, shard.start, shard.stop) if is_measured else None,
                on_progress=self._watch(job, before),
            )
            before += int(reply["evaluations"])
            parts.append(part)
        merge(facts, parts, target)
        return target

    def _watch(self, job: JobPlan, before: int) -> Progress:
        def watch(done: int, _total: int) -> None:
            self.report(_name(job), before + done, max(job.planned, 1))

        watch(0, 0)
        return watch

    def _recipe(self) -> Recipe:
        options, rows = self.options, self.data_facts["rows"]
        few = "all" if rows <= ROWS_DEFAULT else f"sample:{ROWS_DEFAULT}"
        return Recipe(
            model=_sha256(self.model),
            dataset=_sha256(self.dataset),
            methods=choices_of(options, self.model_facts),
            rows=options.rows or few,
            target=target_of(options.target, self.model_facts),
            label=self.fit["label"],
            features=options.features,
            background=min(options.background, rows),
            seed=options.seed,
            kind=self.kind,
            text=self.fit.get("text", ""),
            pair=self.fit.get("pair", ""),
            continuation=self.fit.get("continuation", ""),
            tokens=tokens_of(options, self.kind),
            temperature=temperature_of(options, self.kind),
            replacer=_sha256(self.replacer) if self.replacer else "",
            score=score_of(options.score, self.kind),
            analyses=options.analyses,
            external=_sha256(options.external) if options.external else "",
        )


def _packed(model: Path, work: Path) -> Path:
    """Return the model as one file: a Hugging Face folder is zipped as it stands."""
    return pack(model, work / f"{model.name}.zip") if model.is_dir() else model


def _described(path: Path, facts: Json) -> dict[str, Json]:
    return {"name": path.name, "size": path.stat().st_size, "facts": facts}


def _name(job: JobPlan) -> str:
    if job.role == "self":
        return f"self:{job.method}"
    return job.method or job.role


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
