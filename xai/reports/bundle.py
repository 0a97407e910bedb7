"""Everything a run found as one folder: what pages show, for other programs and for the file."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xai.analyses.catalogue import ANALYSES
from xai.errors import InvalidParameter, NotApplicable
from xai.jail import browser
from xai.reports import heads, importances, strategies
from xai.reports.explained import methods_of
from xai.reports.html import render
from xai.reports.manifest import complete
from xai.reports.outline import Outline
from xai.reports.results import PEOPLE, Results
from xai.vocabulary import Json

ATTRIBUTIONS = pa.schema(
    [
        ("method", pa.string()),
        ("sample", pa.int64()),
        ("target", pa.string()),
        ("output", pa.int32()),
        ("names", pa.list_(pa.string())),
        ("values", pa.list_(pa.float32())),
        ("shape", pa.list_(pa.int32())),
        ("base", pa.float64()),
        ("error", pa.float64()),
    ]
)
ERRORS = pa.schema([ATTRIBUTIONS.field(name) for name in
                    ("method", "sample", "target", "output", "names", "values")])  # fmt: skip
IMPORTANCE = pa.schema(
    [
        ("method", pa.string()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
PREDICTIONS = pa.schema(
    [
        ("sample", pa.int64()),
        ("target", pa.string()),
        ("value", pa.float64()),
        ("probability", pa.float64()),
        ("label", pa.string()),
        ("predicted", pa.string()),
        ("correct", pa.bool_()),
        ("outputs", pa.list_(pa.float64())),
    ]
)
AGREEMENT = pa.schema(
    [
        ("measure", pa.string()),
        ("a", pa.string()),
        ("b", pa.string()),
        ("sample", pa.int64()),
        ("value", pa.float64()),
    ]
)
WALKS = "walks.parquet"
INTERACTIONS = pa.schema(
    [*(ATTRIBUTIONS.field(name) for name in ("method", "sample", "target", "output", "names")),
     ("values", pa.list_(pa.float32())), ("errors", pa.list_(pa.float32()))]
)  # fmt: skip
FAITHFULNESS = pa.schema(
    [
        ("method", pa.string()),
        ("baseline", pa.string()),
        ("measure", pa.string()),
        ("sample", pa.int64()),
        ("value", pa.float64()),
    ]
)


def write_bundle(
    results: Results,
    out: Path,
    chosen: Outline = Outline(),  # noqa: B008 - frozen
) -> dict[str, str]:
    """Write the bundle to the folder `out`, which is there whole or not at all.

    Parameters
    ----------
    chosen : Outline
        What its report holds; the other files are always complete.

    Returns
    -------
    dict
        Why a file that was asked for could not be made, by its name.

    Raises
    ------
    InvalidParameter
        If `out` is there already and is not an empty folder.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidParameter(f"{out} exists already and is not an empty folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.parent / f".{out.name}-{uuid.uuid4().hex}"
    fresh.mkdir()
    try:
        missing = _fill(results, fresh, chosen)
        os.replace(fresh, out)  # noqa: PTH105 - over an empty folder too
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return missing


def _fill(results: Results, folder: Path, chosen: Outline) -> dict[str, str]:
    of_methods = [method.folder for method in results.methods]
    predictions = results.folders.get("predictions")
    _join("attributions.parquet", ATTRIBUTIONS, of_methods, folder)
    _join("errors.parquet", ERRORS, of_methods, folder)
    _join("importance.parquet", IMPORTANCE, of_methods, folder)
    _join("predictions.parquet", PREDICTIONS, [predictions] if predictions else [], folder)
    if any((folder / "interactions.parquet").exists() for folder in of_methods):
        _join("interactions.parquet", INTERACTIONS, of_methods, folder)
    _found_besides(results, folder)
    (folder / "report.html").write_text(render(results, chosen), encoding="utf-8")
    missing = _printed(folder) if chosen.with_pdf else {}
    files = {path.name: path for path in folder.iterdir()}
    known = complete(results, files) | ({"missing_files": missing} if missing else {})
    text = json.dumps(known, indent=2, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return missing


def _found_besides(results: Results, folder: Path) -> None:
    """Write what is not of every run: concepts, heads, strategies, comparisons, analyses."""
    for method in results.methods:
        if method.scope == "concepts":
            _concepts(method.folder, method.job, folder)
        elif method.scope == "heads":
            _copy(method.folder, (path.name for path in heads.files_of(method)), folder)
        elif (method.folder / WALKS).exists():
            _copy(method.folder, (WALKS,), folder)
    _strategies(results, folder)
    if agreement := results.folders.get("agreement"):
        _join("agreement.parquet", AGREEMENT, [agreement], folder)
        _copy(agreement, ("agreement.json",), folder)
    if faithfulness := results.folders.get("faithfulness"):
        _join("faithfulness.parquet", FAITHFULNESS, [faithfulness], folder)
        _copy(faithfulness, ("faithfulness.json",), folder)
    _analyses(results, folder)
    if people := results.folders.get(PEOPLE):
        _copy(people, ("plausibility.json", "answers.csv"), folder)


def _copy(source: Path, names: Iterable[str], folder: Path) -> None:
    for name in names:
        shutil.copyfile(source / name, folder / name)


def _printed(folder: Path) -> dict[str, str]:
    try:
        browser.print_pdf(folder / "report.html", folder / "report.pdf")
    except NotApplicable as error:
        return {"report.pdf": str(error)}
    return {}


def _analyses(results: Results, folder: Path) -> None:
    """Copy what each analysis found: a file of its name, and its table where it has one."""
    if pairs := importances.compare(results):
        text = json.dumps(pairs, indent=1, allow_nan=False)
        (folder / "importances.json").write_text(text + "\n", encoding="utf-8")
    for slug in ANALYSES:
        if slug in results.folders:
            for path in sorted(results.folders[slug].glob(f"{slug}.*")):
                shutil.copyfile(path, folder / path.name)


def _strategies(results: Results, folder: Path) -> None:
    """Write the strategic cluster graph of the first method that has one."""
    for method in methods_of(results)[:1]:
        graph = strategies.of(results, method)
        if graph is not None:
            text = json.dumps(strategies.as_json(graph, method), indent=1, allow_nan=False)
            (folder / "strategies.json").write_text(text + "\n", encoding="utf-8")


def _concepts(source: Path, job: Json, folder: Path) -> None:
    """Write what was found of concepts, and copy each concept's share in each sample."""
    text = json.dumps({"concepts": job["concepts"], **job["notes"]}, indent=2, allow_nan=False)
    (folder / "concepts.json").write_text(text + "\n", encoding="utf-8")
    for name in ("concepts.parquet", "concept_maps.parquet"):
        shutil.copyfile(source / name, folder / name)


def _join(name: str, schema: pa.Schema, sources: Iterable[Path], folder: Path) -> None:
    """Write one table after another into one file, with exactly this schema, even if empty."""
    repeated = [field.name for field in schema if field.type == pa.string()] + [
        "names.list.element"
    ]
    with pq.ParquetWriter(
        folder / name, schema, compression="zstd", use_dictionary=repeated
    ) as writer:
        for source in sources:
            if (source / name).exists():
                writer.write_table(_fitted(pq.read_table(source / name), schema))


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of the schema; a column it lacks is null."""
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
