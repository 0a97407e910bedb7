"""Twenty at once at the edge of a quota: as many get in as fit, and never one more."""

from __future__ import annotations

import json

import pytest

from tests.tasks.test_upkeep import run

PROGRAM = """
import copy, json, os, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tasks import bells, queue
bells._send = lambda *message: None
from tests.conftest import DATA_FACTS, MODEL_FACTS
from xai.vocabulary import MethodChoice, Recipe
from xai.web import middleware, quotas, uploads
from xai.web.models import Run, Upload

me, gate, refused = middleware.local_owner(), threading.Barrier(20), []
make = lambda purpose, facts: Upload.objects.create(
    owner=me, purpose=purpose, name="a", size=10, sha256=purpose[0] * 64,
    state="ready", facts=facts)
model, data = make("model", MODEL_FACTS), make("dataset", DATA_FACTS)
recipe = Recipe(model.sha256, data.sha256, (MethodChoice("occlusion", {}),), rows="first:5")

def at_once(act):
    def one():
        gate.wait()
        try:
            act()
        except quotas.QuotaExceeded as error:
            refused.append(str(error))
        finally:
            django.db.connection.close()
    threads = [threading.Thread(target=one) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

at_once(lambda: uploads.begin(me, "b.csv", 30, "dataset"))
at_once(lambda: queue.submit(me, recipe, model, data))
growing = Upload.objects.filter(state="uploading").count()
print(json.dumps([growing, Run.objects.count(), len(refused), sorted(set(refused))]))
"""


@pytest.mark.slow
def test_twenty_at_once_never_get_over_the_quotas(tmp_path):
    limits = {"PARALLAX_QUOTA": "120", "PARALLAX_QUOTA_RUNS": "4", "PARALLAX_DISK_FLOOR": "0"}
    told = run(tmp_path, "-c", PROGRAM, PYTHONPATH=".", **limits).stdout
    growing, runs, refused, sentences = json.loads(told.splitlines()[-1])
    assert (growing, runs, refused) == (3, 4, 33)
    assert len(sentences) == 2
