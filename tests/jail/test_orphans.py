"""A child never outlives its parent, whichever thread started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import xai
from tests.jail.conftest import HANDLERS, SECONDS

ROOT = Path(xai.__file__).parents[1]
PARENT = """
import sys, threading, time
from pathlib import Path
from xai.jail import Child

def begin():
    child = Child("hostile", [], Path(sys.argv[1]), extra_roots=[Path(sys.argv[2])])
    child.ask("value", "1", wall_s=20)
    print(child.pid, flush=True)
    child.ask("run", sys.argv[3], wall_s=60)

if sys.argv[4] == "thread":
    threading.Thread(target=begin).start()
else:
    begin()
"""


@pytest.mark.parametrize("where", ["main", "thread"])
@pytest.mark.parametrize(
    "busy", ["time.sleep(60)", "while True: pass", "ctypes.PyDLL(None).sleep(60)"]
)
def test_it_dies_with_a_killed_parent(scratch, where, busy):
    if busy.startswith("ctypes") and sys.platform != "linux":
        pytest.skip("only Linux ends native code that does not listen")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, scratch, HANDLERS, busy, where],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    child = int(parent.stdout.readline())
    time.sleep(0.2)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert _ends(child)


def test_it_lives_on_when_the_thread_that_started_it_ends(start):
    children = []
    thread = threading.Thread(target=lambda: children.append(start()))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert children[0].ask("value", "1", wall_s=SECONDS) == 1


def test_many_can_be_asked_at_once(start):
    answers = []
    children = [start() for _ in range(4)]

    def ask(child):
        answers.append(child.ask("run", "time.sleep(0.2)\nout = 1", wall_s=SECONDS))

    threads = [threading.Thread(target=ask, args=(child,)) for child in children]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 4


def _ends(pid):
    give_up = time.monotonic() + 5
    while time.monotonic() < give_up:
        try:
            os.kill(pid, 0)
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False
