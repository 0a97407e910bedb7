"""The commands as a shell sees them: exit codes, one sentence, nothing half written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from xai.methods import catalogue

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A support vector machine and its data; logarithms, and data that half of them cannot take."""
    from sklearn.svm import SVC
    from skops.io import dump

    folder = tmp_path_factory.mktemp("made")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(60, 3)), columns=["a", "b", "c"])
    truth = np.where(frame["a"] > frame["b"], "yes", "no").astype("U3")
    dump(SVC().fit(frame, truth), folder / "model.skops")
    frame.to_csv(folder / "whole.csv", index=False)
    _logarithms(folder / "logs.onnx")
    frame = frame.abs()
    frame.loc[10:] *= -1
    frame.to_csv(folder / "half.csv", index=False)
    (folder / "model.pkl").write_bytes(b"\x80\x04cos\nsystem\n(Vtrue\ntR.")
    return folder


def _logarithms(path):
    """Sum the logarithms of three columns: not a number where one is negative."""
    import onnx
    from onnx import TensorProto, helper

    weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 1], [1.0, 1.0, 1.0])
    nodes = [
        helper.make_node("Log", ["X"], ["logs"]),
        helper.make_node("MatMul", ["logs", "w"], ["variable"]),
    ]
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])]
        for name, width in (("X", 3), ("variable", 1))
    ]
    graph = helper.make_graph(nodes, "logs", *ends, [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


@pytest.fixture
def manage(made, tmp_path):
    """Return how to run a command in the folder of the files, with a data folder of its own."""

    def run(*words, **environment):
        return subprocess.run(
            [sys.executable, ROOT / "manage.py", *words], cwd=made, text=True,
            capture_output=True, timeout=120, check=False,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "xai.settings",
                 "PARALLAX_DATA": str(tmp_path / "data"), **environment},
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_a_whole_explanation_exits_with_0(manage, tmp_path):
    out = tmp_path / "out"
    words = ("--methods", "occlusion,random", "--rows", "0:5")
    done = manage("explain", "model.skops", "whole.csv", "--out", str(out), *words)
    assert (done.returncode, done.stdout.strip()) == (0, str(out))
    assert (out / "manifest.json").exists()


@pytest.mark.slow
def test_a_method_that_fails_leaves_the_others_and_exits_with_3(manage, tmp_path):
    out = tmp_path / "out"
    words = ("--methods", "occlusion,permutation", "--rows", "0:5")
    done = manage("explain", "logs.onnx", "half.csv", "--out", str(out), *words)
    assert done.returncode == 3, done.stderr
    assert "occlusion failed: " in done.stderr
    assert "permutation failed: " not in done.stderr
    assert "Traceback" not in done.stderr
    assert (out / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("model.pkl", "whole.csv"), "skops"),
        (("nothing.json", "whole.csv"), "There is no file nothing.json."),
        (("model.skops", "whole.csv", "--methods", "magic"), "The methods are"),
        (("model.skops", "whole.csv", "--param", "shapley"), "METHOD.NAME=VALUE"),
        (("model.skops", "whole.csv", "--rows", "many"), "first:100"),
        (("model.skops", "whole.csv", "--target", "maybe"), "no class 'maybe'"),
        (("model.skops", "whole.csv", "--score", "logit"), "is for text classifiers"),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)
def test_what_is_refused_is_one_sentence_and_exits_with_2(manage, tmp_path, words, sentence):
    refused = manage("explain", *words, "--out", str(tmp_path / "out"))
    assert refused.returncode == 2, refused.stderr
    last = refused.stderr.strip().splitlines()[-1]
    assert sentence.lower() in last.lower()
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    assert not (tmp_path / "out").exists()


def test_less_isolation_than_required_is_refused(made, tmp_path, settings, monkeypatch, capsys):
    from xai.jail import probes

    found = {"level": "partial", "probes": [{"name": "use the network", "blocked": False}]}
    monkeypatch.setattr(probes, "describe", lambda: found)
    settings.ISOLATION_REQUIRED = "full"
    files = [str(made / "model.skops"), str(made / "whole.csv"), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        call_command("explain", *files)
    assert ended.value.code == 2
    assert "A model could: use the network." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_methods_are_listed_by_kind(manage):
    said = manage("methods", "--kind", "tabular").stdout
    for slug in catalogue.of("tabular"):
        assert f"{slug}: " in said
    assert "cost: " in said


def test_an_unknown_kind_is_refused_with_the_kinds(manage):
    refused = manage("methods", "--kind", "music")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "tabular" in refused.stderr
