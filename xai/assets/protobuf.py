"""Recognise ONNX by walking the outermost fields of the message; no library parses it here."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

MOST_FIELDS = 10_000
VERSION, GRAPH = 1, 7
# The fields of onnx.ModelProto and how each is written: 0 a number, 2 bytes with their length.
MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


def look_into(path: Path, start: bytes) -> str:
    """Return "onnx" for an ONNX model, "" for anything that is no such message.

    Raises
    ------
    RefusedFile
        If it is a TensorFlow graph.
    """
    if b"serving_default" in start and b"saved_model" in start:
        raise RefusedFile(
            "This is a TensorFlow SavedModel, which can read and write files. Convert it: "
            "`python -m tf2onnx.convert --saved-model folder --output model.onnx`."
        )
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        seen = _fields(file, size)
    return "onnx" if {VERSION, GRAPH} <= seen else ""


def _fields(file: IO[bytes], size: int) -> set[int]:
    """Return the numbers of the outermost fields; none if they are not those of a model."""
    seen: set[int] = set()
    for _ in range(MOST_FIELDS):
        if file.tell() == size:
            return seen
        field, wire = divmod(_varint(file), 8)
        if MODEL_FIELDS.get(field) != wire:
            return set()
        value = _varint(file)
        if value < 0 or (wire == 2 and file.tell() + value > size):
            return set()
        if wire == 2:
            file.seek(value, 1)
        seen.add(field)
    return set()


def _varint(file: IO[bytes]) -> int:
    """Read a number of 7 bits per byte; -1 if it does not end."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return -1
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    return -1
