"""Runs in the jailed child: one method crashes, one eats memory, one never ends, others behave."""

from __future__ import annotations

import ctypes
from pathlib import Path


def handle(op, payload, progress):
    """Misbehave as the slug says."""
    misbehave = {"crash": crash, "eat": eat, "hang": hang}
    misbehave.get(payload["job"]["method"], lambda: None)()
    (Path(payload["out"]) / "rows.npy").write_bytes(ROWS)
    return {"arrays": ["rows"], "names": [], "evaluations": 1, "seconds": 0.1}


def crash():
    ctypes.string_at(0)


def eat():
    kept = []
    while True:
        kept.append(bytearray(b"x" * 2**24))


def hang():
    while True:
        pass


# Ten zeros as numpy writes them, without importing numpy.
_HEADER = b"{'descr': '<i8', 'fortran_order': False, 'shape': (10,), }"
ROWS = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + _HEADER.ljust(117) + b"\n" + bytes(80)
