"""The program that a run's page shows, executed: it gets the numbers that the page has."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import urllib.request

import pytest

from tests.tasks.installation import wait_for
from tests.tasks.started import ROOT, Started, free_port
from xai.web import snippets

MAKE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from django.contrib.auth import get_user_model
from xai.web import middleware, tokens
print(tokens.make(middleware.local_owner(), "in a test")[1])
"""
DELETE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from xai.web import removal, uploads
from xai.web.models import Run, Upload
for run in Run.objects.all():
    removal.remove(run)
for upload in Upload.objects.all():
    uploads.delete(upload)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Start a whole installation; return it with a token of its owner."""
    started = Started(tmp_path_factory.mktemp("installation"), free_port(), LOG_FORMAT="json")
    try:
        started.open()
        yield started, inside(started, MAKE).strip()
    finally:
        started.stop()


def inside(started, program):
    environment = os.environ | {"PARALLAX_DATA": str(started.data)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def ask(site, path, body=None, method=None):
    started, token = site
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(
        f"{started.url}api/v1{path}", data=body, method=method, headers=headers
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def train(folder):
    """Write a small model and its data, under names that could break a program."""
    import numpy as np
    import pandas as pd
    import xgboost

    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(60, 3)), columns=["age", 'wei"""ght', "it's\\"])
    truth = (rows["age"] > 0).astype(int)
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(rows, truth)
    model.save_model(folder / "model.json")
    rows.assign(label=truth).to_csv(folder / "people.csv", index=False)


def ready(site, pk):
    state = lambda: ask(site, f"/uploads/{pk}")["state"]  # noqa: E731
    wait_for(lambda: state() != "checking", 120, "inspection")
    assert state() == "ready"


def the_site_says_what_it_does(started, run):
    """Every line about a shard names it and its run; probes and metrics know of the work."""
    lines = (started.data / "logs" / "worker-1.log").read_text().splitlines()
    about = [json.loads(line) for line in lines if run in line]
    assert all(line["run"] == run and line["shard"] for line in about)
    assert sum("seconds" in line for line in about) >= 3
    with urllib.request.urlopen(f"{started.url}readyz", timeout=60) as answer:
        assert json.load(answer)["ready"]
    with urllib.request.urlopen(f"{started.url}metrics", timeout=60) as answer:
        text = answer.read().decode()
    (found,) = re.findall(r'^parallax_shards{state="done"} (.*)', text, re.MULTILINE)
    assert float(found) >= 3


@pytest.mark.slow
def test_the_shown_program_gets_the_same_numbers(site, tmp_path):
    train(tmp_path)
    chosen = {}
    for purpose, name in (("model", "model.json"), ("dataset", "people.csv")):
        body = (tmp_path / name).read_bytes()
        query = f"?purpose={purpose}&name={name}"
        chosen[purpose] = ask(site, f"/uploads/whole{query}", body, "PUT")["id"]
        ready(site, chosen[purpose])
    methods = [{"slug": "shapley"}, {"slug": "lime", "params": {"samples": 200}}]
    asked = chosen | {"methods": methods, "rows": "sample:8", "seed": 3, "label": "label"}
    run = ask(site, "/runs", json.dumps(asked).encode(), "POST")
    wait_for(lambda: ask(site, f"/runs/{run['id']}")["is_over"], 200, "the run")
    samples = ask(site, f"/runs/{run['id']}/samples")["items"]
    first = ask(site, f"/runs/{run['id']}/samples/{samples[0]['sample']}")

    the_site_says_what_it_does(site[0], run["id"])

    with urllib.request.urlopen(f"{site[0].url}runs/{run['id']}/", timeout=60) as page:
        shown = re.search(
            r'<pre class="program"[^>]*><code>(.*?)</code>', page.read().decode(), re.DOTALL
        )
    (tmp_path / "again.py").write_text(html.unescape(shown[1]), "utf-8")
    inside(site[0], DELETE)  # nothing is left to be linked: all is sent and computed again
    done = subprocess.run(
        [sys.executable, "-I", "again.py"], cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "PARALLAX_TOKEN": site[1]}, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("done ")
    assert run["id"] not in lines[0]
    expected = first["prediction"]
    assert lines[1] == (
        f"row {expected['sample']} predicted {expected['predicted']} {expected['value']}"
    )
    for line, found in zip(lines[2:], first["explanations"], strict=True):
        numbers = dict(zip(found["names"], found["values"], strict=True))
        assert line == f"{found['title']} {json.dumps(numbers)}"


@pytest.mark.parametrize(
    "name", ['"""', "'''", "\\", '\\"""\nprint("run")\nr"""', "{site}", "\u202e<script>", "\x00"]
)
def test_no_name_gets_out_of_its_string(db, alice, make_run, name):
    run = make_run(alice)
    run.model.name = name
    run.recipe_json = run.recipe_json | {"label": name, "features": [name, name]}
    source = snippets.program(run, "http://localhost")
    found = {}
    compile(source, "shown", "exec")
    constants = source.split("def ask")[0].replace('os.environ["PARALLAX_TOKEN"]', '""')
    exec(compile(constants, "shown", "exec"), found)
    assert found["FILES"]["model"]["name"] == name
    assert found["ASKED"]["label"] == name
