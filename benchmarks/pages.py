"""A large run through the product's own rows, and what its pages cost: 10,000 rows, 200 trees.

Run: OMP_NUM_THREADS=1 python benchmarks/pages.py [rows] [method,method,...]
Server: milliseconds inside Django per page: the first time (nothing cached), the median of five
later ones, and their processor time, which other programs do not disturb. Weight: the page, its
styles, its scripts and the figures it fetches, in megabytes as they leave Django, without
plotly.min.js.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
FOLDER = tempfile.mkdtemp(prefix="parallax-pages-")
os.environ |= {"PARALLAX_DATA": FOLDER, "DJANGO_SETTINGS_MODULE": "xai.settings"}
os.environ["REDIS_URL"] = "memory://"
METHODS = "shapley,occlusion,permutation,builtin,random"
FEATURES, TREES, REPEATS = 30, 200, 5
PAGES = (
    "", "overview/", "compare/", "global/", "agreement/", "faithfulness/", "strategies/", "models/",
    "status/", "report.html",
)  # fmt: skip
EXAMPLES = {
    "reviews": ("occlusion,input_x_gradient,attention_heads,random", "attention/"),
    "shapes": ("occlusion,craft,random", "concepts/"),
}
"""Runs of other kinds, with the page that only they have."""
FETCHED = re.compile(r'(?:src|href)="([^"]+\.(?:css|js)|[^"]*/figures/[^"]*)"')


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    slugs = (sys.argv[2] if len(sys.argv) > 2 else METHODS).split(",")
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    run = explained(rows, slugs)
    spent = time.perf_counter() - began
    evaluations = sum(job.evaluations for job in run.jobs.all())
    print(
        f"{rows:,} rows × {FEATURES} features × {TREES} trees, {', '.join(slugs)}: {run.state}; "
        f"{evaluations:,} evaluations in {spent:.0f} s, one worker"
    )
    print(
        f"{'page':14s}{'first ms':>10s}{'later ms':>10s}{'CPU ms':>8s}"
        f"{'slowest figure ms':>19s}{'MB':>8s}"
    )
    client = Client()
    client.get("/")  # imports and templates: paid once per process, not per page
    for page in PAGES:
        measure(client, f"/runs/{run.pk}/{page}", page or "run")
    for name, (methods, page) in EXAMPLES.items():
        run = example(name, set(methods.split(",")))
        print(f"the example {name}: {run.state}")
        for one in ("compare/", "faithfulness/", "strategies/", page):
            measure(client, f"/runs/{run.pk}/{one}", one)


def explained(rows: int, slugs: list[str]):
    from xai.vocabulary import MethodChoice, Recipe

    model, dataset = inspected(made(rows))
    chosen = tuple(MethodChoice(slug, {}) for slug in slugs)
    recipe = Recipe(model.sha256, dataset.sha256, chosen, rows="all", label="truth")
    return computed(recipe, model, dataset)


def example(name: str, slugs: set[str]):
    """Make an example of the product and explain it by some of its methods."""
    from dataclasses import replace

    from xai.runner.examples import EXAMPLES as KNOWN
    from xai.runner.examples import recipe_of
    from xai.workbench.examples import make

    one, files = KNOWN[name], {}
    for purpose, file in one.files.items():
        files[purpose] = Path(FOLDER) / file
        payload = {"example": name, "purpose": purpose, "out": str(files[purpose])}
        make(payload, lambda *_: None)
    model, dataset = inspected(files)
    described = [{"sha256": u.sha256, "facts": u.facts} for u in (model, dataset)]
    asked = replace(one, methods={slug: one.methods.get(slug, {}) for slug in slugs})
    return computed(recipe_of(asked, *described), model, dataset)


def inspected(paths: dict[str, Path]):
    from tasks import queue
    from tasks.inspect import inspect
    from xai.web.middleware import local_owner

    files = [upload(local_owner(), purpose, path) for purpose, path in paths.items()]
    for one in files:
        queue.begin_inspection(one)
        inspect(str(one.pk))
        one.refresh_from_db()
        assert one.state == "ready", one.refusal
    return files


def computed(recipe, model, dataset):
    from tasks import explain, queue, turns
    from xai.web.middleware import local_owner

    run = queue.submit(local_owner(), recipe, model, dataset)
    while (shard := turns.waiting()) is not None:
        explain.work(shard)
    run.refresh_from_db()
    return run


def made(rows: int) -> dict[str, Path]:
    """Return a model of 200 trees and its data."""
    import numpy as np
    import pandas as pd
    import xgboost

    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        draw.normal(size=(rows, FEATURES)), columns=[f"feature_{i}" for i in range(FEATURES)]
    )
    score = frame.iloc[:, 0] * frame.iloc[:, 1] + frame.iloc[:, 2:8].sum(axis=1) / 2
    truth = (score + draw.normal(size=rows) > 0).astype(int)
    model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=6, n_jobs=1).fit(frame, truth)
    folder = Path(FOLDER)
    model.save_model(folder / "model.json")
    frame.assign(truth=truth).to_parquet(folder / "data.parquet", index=False)
    return {"model": folder / "model.json", "dataset": folder / "data.parquet"}


def upload(owner, purpose: str, path: Path):
    from xai.web import uploads

    row = uploads.begin(owner, path.name, path.stat().st_size, purpose)
    with path.open("rb") as file:
        while row.received < row.size:
            length = min(8 * 2**20, row.size - row.received)
            uploads.append(row, row.received, length, file)
    return uploads.complete(row)


def measure(client, address: str, name: str) -> None:
    first, answer = timed(client, address)
    busy = time.process_time()
    later = statistics.median(timed(client, address)[0] for _ in range(REPEATS))
    busy = 1000 * (time.process_time() - busy) / REPEATS
    figures, weight = [0.0], len(answer.content)
    for found in sorted(set(FETCHED.findall(answer.content.decode()))):
        if "plotly.min.js" in found:
            continue
        took, body = timed(client, unescape(found))
        weight += len(body.getvalue() if hasattr(body, "getvalue") else b"".join(body))
        if "/figures/" in found:
            figures.append(took)
    print(f"{name:14s}{first:10.0f}{later:10.0f}{busy:8.0f}{max(figures):19.0f}{weight / 1e6:8.2f}")


def timed(client, address: str):
    began = time.perf_counter()
    answer = client.get(address)
    took = 1000 * (time.perf_counter() - began)
    assert answer.status_code == 200, (address, answer.status_code)
    return took, answer


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
