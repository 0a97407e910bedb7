"""What most tests of the site need: people, a data folder, files at hand."""

from __future__ import annotations

import copy
import hashlib
import uuid

import pytest
from django.contrib.auth import get_user_model


def pytest_make_parametrize_id(config, val, argname):
    """Name bytes by their argument: a packed file holds the second in which it was made.

    Processes that share the tests must give each the same name.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture
def data_dir(tmp_path, settings):
    """Give the test a data folder of its own."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return settings.DATA_DIR


@pytest.fixture
def alice(db):
    """Return the owner."""
    return get_user_model().objects.create_user("alice", password="wonderland")


@pytest.fixture
def bob(db):
    """Return a stranger to Alice's things."""
    return get_user_model().objects.create_user("bob", password="builder")


@pytest.fixture
def server_mode(settings):
    """Run as a server: accounts, login."""
    settings.MODE, settings.IS_SERVER = "server", True
    return settings


MODEL_FACTS = {
    "kind": "tabular",
    "format": "xgboost-json",
    "architecture": "XGBoost classifier, 50 trees, depth 3",
    "problem": "classification",
    "features": [
        {"name": "age", "kind": "number", "categories": []},
        {"name": "income", "kind": "number", "categories": []},
    ],
    "has_names": True,
    "outputs": ["no", "yes"],
    "output": "margin",
    "capabilities": ["trees", "builtin", "missing", "probability"],
    "parameters": None,
    "trees": 50,
    "notes": [],
    "trusted_types": [],
    "speed": [{"rows": 1, "per_second": 900.0}, {"rows": 1024, "per_second": 400_000.0}],
}
DATA_FACTS = {
    "kind": "table",
    "format": "csv",
    "rows": 200,
    "columns": [
        {"name": "age", "kind": "number", "missing": 0, "distinct": 50, "categories": [],
         "low": 18, "high": 90, "mean": 40.5},
        {"name": "income", "kind": "number", "missing": 3, "distinct": 180, "categories": [],
         "low": 0, "high": 9e4, "mean": 31_000.0},
        {"name": "label", "kind": "category", "missing": 0, "distinct": 2,
         "categories": ["no", "yes"], "low": None, "high": None, "mean": None},
    ],
    "separator": ",",
    "encoding": "utf-8",
    "decimal": ".",
    "first_rows": [["39", "52000", "no"], ["51", "missing", "yes"]],
    "notes": [],
}  # fmt: skip


@pytest.fixture
def make_upload(db, data_dir):
    """Return a maker of uploads whose bytes lie in the data folder."""
    from xai.web import files
    from xai.web.models import Upload

    def make(owner, purpose="model", state="ready", name="model.json", content=None, **fields):
        content = content if content is not None else uuid.uuid4().bytes
        sha = hashlib.sha256(content).hexdigest()
        if state in {"checking", "ready"}:
            path = files.stored(sha)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        known = {"model": MODEL_FACTS, "dataset": DATA_FACTS}[purpose]
        facts = copy.deepcopy(known) if state == "ready" else {}
        values = {"facts": facts, "sha256": sha, "received": len(content), **fields}
        return Upload.objects.create(
            owner=owner, purpose=purpose, state=state, name=name, size=len(content), **values
        )

    return make


@pytest.fixture
def make_run(make_upload):
    """Return a maker of runs: a model, a dataset, one job of one shard per method."""
    from xai.vocabulary import MethodChoice, Recipe
    from xai.web.models import Job, Run, Shard

    def make(owner, state="queued", methods=("shapley",), **fields):
        model = make_upload(owner)
        data = make_upload(owner, "dataset", name="people.csv")
        recipe = Recipe(model.sha256, data.sha256, tuple(MethodChoice(m, {}) for m in methods))
        run = Run.objects.create(
            owner=owner, model=model, dataset=data, recipe_json=recipe.as_json(), state=state,
            **fields,
        )  # fmt: skip
        for position, method in enumerate(methods):
            job = Job.objects.create(
                run=run, position=position, role="method", method=method, state=state,
                key=f"{position:064x}", planned=1000,
            )  # fmt: skip
            Shard.objects.create(job=job, index=0, start=0, stop=10, state=state, planned=1000)
        return run

    return make


@pytest.fixture(autouse=True)
def _unhurried():
    """Nobody has knocked before."""
    import sys

    yield
    if "xai.web.rates" in sys.modules:
        sys.modules["xai.web.rates"].forget()
