"""A short version of `benchmarks/fuzz.py`: damaged files of every format, in the real jail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORMATS = 11


@pytest.mark.slow
def test_no_damaged_file_meets_an_error_that_nobody_foresaw():
    command = [sys.executable, "benchmarks/fuzz.py", "40", "--seed", "5"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    told = re.findall(r"^(\S+) +40 files in .*$", done.stdout, re.MULTILINE)
    assert len(told) == FORMATS
    assert "not foreseen" not in done.stdout
    assert "outside its folder" not in done.stdout
