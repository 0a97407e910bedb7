"""A whole run in one process, without database, broker or login: what `manage.py explain` does."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xai.errors import InvalidParameter, RefusedFile, XaiError
from xai.jail import level
from xai.methods import catalogue
from xai.reports.bundle import write_bundle
from xai.reports.results import Results
from xai.runner import agreement
from xai.runner.manifest import manifest
from xai.runner.merge import merge
from xai.runner.plan import JobPlan, missing_capability, plan
from xai.runner.session import Session, fit, inspect
from xai.vocabulary import Json, MethodChoice, Recipe

ROWS_DEFAULT = 100

Report = Callable[[str, int, int], None]
"""Called with (what is being done, done, total) in model evaluations."""


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of the command line; empty means the default of the bundle's interface."""

    methods: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    target: str = ""
    rows: str = ""
    label: str = ""
    features: tuple[str, ...] = ()
    background: int = 50
    seed: int = 0
    command: str = ""


def explain(
    model: Path, dataset: Path, out: Path, options: Options, report: Report
) -> dict[str, str]:
    """Explain a model on a dataset and write the bundle to `out`.

    Returns
    -------
    dict
        The sentence of each method that failed, by slug; empty when all are done.

    Raises
    ------
    XaiError
        If a file or a choice is refused; nothing is written then.
    """
    if out.exists() and any(out.iterdir()):
        raise InvalidParameter(f"The folder {out} is not empty. Name a new one with --out.")
    for path in (model, dataset):
        if not path.is_file():
            raise RefusedFile(f"There is no file {path}.")
    work = Path(tempfile.mkdtemp(prefix="parallax-"))
    try:
        return _explain(model, dataset, out, options, report, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _explain(  # noqa: PLR0913 - the same five, and the folder to work in
    model: Path, dataset: Path, out: Path, options: Options, report: Report, work: Path
) -> dict[str, str]:
    report("Inspecting the model", 0, 0)
    model_facts = inspect(model, model.name, "model", work)
    report("Inspecting the data", 0, 0)
    data_facts = inspect(dataset, dataset.name, "dataset", work)
    found = fit(
        model,
        model_facts["format"],
        dataset,
        work,
        label=options.label,
        features=list(options.features),
    )
    recipe = _recipe(model, dataset, options, model_facts, data_facts, found["label"])
    jobs = plan(recipe, model_facts, data_facts)
    folders, failed = _compute(model, model_facts["format"], dataset, recipe, jobs, report, work)
    if "predictions" in failed:
        raise XaiError(failed["predictions"])
    facts = manifest(
        recipe,
        {"name": model.name, "facts": model_facts, "size": model.stat().st_size},
        {"name": dataset.name, "facts": data_facts, "size": dataset.stat().st_size},
        isolation=level(),
        errors=failed,
        command=options.command,
    )
    report("Writing the bundle", 0, 0)
    write_bundle(Results.gather(facts, folders), out)
    return failed


def _recipe(  # noqa: PLR0913 - a recipe is made of both files and all choices
    model: Path,
    dataset: Path,
    options: Options,
    model_facts: Json,
    data_facts: Json,
    label: str,
) -> Recipe:
    slugs = options.methods or tuple(
        slug
        for slug in catalogue.recommended("tabular")
        if not missing_capability(catalogue.card(slug), model_facts)
    )
    for slug in slugs:
        why = missing_capability(catalogue.card(slug), model_facts)
        if why:
            raise InvalidParameter(f"{slug} cannot run on this model: it {why}.")
    for slug in options.params:
        if slug not in slugs:
            raise InvalidParameter(f"--param names {slug}, which is not among the methods.")
    choices = tuple(
        MethodChoice(slug, catalogue.card(slug).read(options.params.get(slug, {})))
        for slug in slugs
    )
    rows = options.rows or (
        "all" if data_facts["rows"] <= ROWS_DEFAULT else f"sample:{ROWS_DEFAULT}"
    )
    return Recipe(
        model=_sha256(model),
        dataset=_sha256(dataset),
        methods=choices,
        rows=rows,
        target=_target(options.target, model_facts),
        label=label,
        features=options.features,
        background=min(options.background, data_facts["rows"]),
        seed=options.seed,
    )


def _target(target: str, facts: Json) -> str:
    names = facts["outputs"]
    if facts["problem"] == "regression" or not target:
        return ""
    if target not in names:
        raise InvalidParameter(
            f"The model has no class {target!r}; it has: {', '.join(map(str, names[:20]))}."
        )
    return target


def _compute(  # noqa: PLR0913 - the whole work, said in full
    model: Path,
    form: str,
    dataset: Path,
    recipe: Recipe,
    jobs: tuple[JobPlan, ...],
    report: Report,
    work: Path,
) -> tuple[dict[str, Path], dict[str, str]]:
    folders: dict[str, Path] = {}
    failed: dict[str, str] = {}
    threads = os.cpu_count() or 1
    with Session(model, form, dataset, scratch=work, threads=threads) as session:
        for job in jobs:
            name = _name(job)
            try:
                folders[name] = _one(session, recipe, job, folders, report, work / job.key)
            except XaiError as error:
                if job.role in {"method", "predictions"}:
                    failed[name] = str(error)
                if job.role == "predictions":
                    break
    return folders, failed


def _one(  # noqa: PLR0913 - a job and where it stands
    session: Session,
    recipe: Recipe,
    job: JobPlan,
    folders: Mapping[str, Path],
    report: Report,
    target: Path,
) -> Path:
    facts = job.as_json() | {"key": job.key}
    if job.role == "agreement":
        report("Agreement", 0, 0)
        agreement.evaluate(folders, target, facts)
        return target
    parts, before = [], 0
    for index, shard in enumerate(job.shards):
        part = target / "parts" / str(index)

        def watch(done: int, _total: int, before: int = before) -> None:
            report(_name(job), before + done, max(job.planned, 1))

        watch(0, 0)
        reply = session.compute(
            recipe, job.as_json(), shard.start, shard.stop, part, on_progress=watch
        )
        before += int(reply["evaluations"])
        parts.append(part)
    merge(facts, parts, target)
    shutil.rmtree(target / "parts", ignore_errors=True)
    return target


def _name(job: JobPlan) -> str:
    if job.role == "self":
        return f"self:{job.method}"
    return job.method or job.role


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
