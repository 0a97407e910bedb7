"""Code of the tree tables: compiled once, copied to each child, out of reach of every upload."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from xai.errors import XaiError
from xai.jail.policy import COMPILED, policy
from xai.runner import compiled
from xai.runner.session import Session
from xai.vocabulary import MethodChoice, Recipe

pytestmark = [pytest.mark.slow, pytest.mark.skipif("os.name != 'posix'", reason="needs a jail")]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return the folder of the code, compiled here once."""
    folder, room = (tmp_path_factory.mktemp(name) for name in ("kept", "room"))
    compiled.ready(folder, room)
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    xgboost = pytest.importorskip("xgboost")
    folder = tmp_path_factory.mktemp("files")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 4)), columns=list("abcd"))
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=3)
    model.fit(frame, frame["a"] * frame["b"] > 0)
    model.save_model(folder / "model.json")
    frame.to_csv(folder / "data.csv", index=False)
    return folder


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def shard(session, target):
    choice = MethodChoice("shapley", {"tree_game": "interventional", "interactions": True})
    recipe = Recipe(model="m", dataset="d", methods=(choice,), rows="0:20")
    job = {"role": "method", "method": "shapley", "params": dict(choice.params), "seed": 0}
    return session.compute(recipe, job, 0, 20, target)


def test_a_child_with_code_compiles_nothing_and_changes_nothing(kept, files, tmp_path):
    before = digests(kept)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    model, data = files / "model.json", files / "data.csv"
    with Session(model, "xgboost-json", data, scratch=scratch, code=kept) as session:
        shard(session, tmp_path / "part")
        (room,) = (path for path in scratch.iterdir() if (path / COMPILED).is_dir())
        assert digests(room / COMPILED) == digests(next(kept.iterdir()))
    assert digests(kept) == before


def test_code_is_compiled_once(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "Child", None)
    assert compiled.ready(kept, tmp_path) == next(kept.iterdir())


def test_no_child_may_read_or_write_where_code_is_kept(kept, tmp_path):
    allowed = policy([tmp_path / "model.json"], tmp_path, [])
    for path in (*allowed.read, *allowed.write, *allowed.names):
        assert not kept.is_relative_to(path)


def test_only_plain_code_is_copied(tmp_path):
    made = tmp_path / "made"
    (made / "deep").mkdir(parents=True)
    for name in ("deep/a.nbi", "deep/a.1.nbc", "b.py", "c.so"):
        (made / name).write_bytes(b"x")
    compiled.give(made, tmp_path / "to")
    found = {p.name for p in (tmp_path / "to").rglob("*") if p.is_file()}
    assert found == {"a.nbi", "a.1.nbc"}
    (made / "link.nbc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(XaiError, match="link"):
        compiled.give(made, tmp_path / "other")
