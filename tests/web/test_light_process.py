"""The web process is small: it holds no model library, and starts without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "transformers", "sklearn", "shap", "xgboost", "lightgbm", "pandas", "onnx",
         "onnxruntime", "skops"}  # fmt: skip
PROGRAM = """
import json, re, sys
from pathlib import Path
import xai.wsgi, xai.urls, xai.web.urls
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
client = Client(SERVER_NAME="localhost")
pages = ["", "system/", "runs/", "runs/new/", "models/", "uploads/new/", "examples/breast-cancer/"]
assert [client.get("/" + page).status_code for page in pages] == [200] * len(pages)
status = Path("/proc/self/status")
# Not ru_maxrss: it counts the process from which this one was forked.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else 0
print(json.dumps([sorted({name.partition(".")[0] for name in sys.modules}), peak / 1024]))
"""


def test_the_web_process_holds_no_model_library_and_stays_small(tmp_path):
    environment = {"PATH": os.environ["PATH"], "PARALLAX_DATA": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM]
    out = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    modules, megabytes = json.loads(out.stdout.splitlines()[-1])
    assert HEAVY.isdisjoint(modules), HEAVY & set(modules)
    assert megabytes < 200
