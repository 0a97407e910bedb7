"""ONNX graphs that classify pictures: one input of rank 4, one score for each class."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray

from xai.assets import onnx_file
from xai.assets.folder_entries import CONFIG_BYTES, read_entry
from xai.assets.onnx import MEMORY, reason, session
from xai.assets.picture_settings import LARGEST_SIDE, Settings, guessed, told
from xai.assets.safety import check_zip
from xai.assets.wording import clean
from xai.errors import LimitExceeded, RefusedFile, XaiError

if TYPE_CHECKING:
    from pathlib import Path

Pixels = NDArray[np.float32]
Type = onnx.TensorProto
KINDS = {Type.FLOAT: "f4", Type.FLOAT16: "f2", Type.DOUBLE: "f8", Type.UINT8: "u1"}
USUAL_SIDE = 224
MOST_BYTES = 1 << 30
NAMES = {"names", "classes", "labels", "class_names"}


@dataclass(frozen=True, slots=True)
class PictureGraph:
    """A checked graph and its open session.

    Attributes
    ----------
    data : bytes
        The graph as it was checked.
    is_channels_last : bool
        True for (n, height, width, colours), as TensorFlow has it; else (n, colours, …).
    batch : int
        Pictures it takes at once; 0 for any number.
    outputs : tuple of str
        Names of the classes; "0", "1", … where the file says none.
    is_probability : bool
        The scores are shares that sum to 1; else logits.
    settings : Settings
        How a picture becomes numbers: told by a file beside the graph, or guessed.
    """

    data: bytes = field(repr=False)
    session: Any = field(repr=False)
    input: str
    output: str
    dtype: str
    is_channels_last: bool
    height: int
    width: int
    batch: int
    outputs: tuple[str, ...]
    is_probability: bool
    architecture: str
    parameters: int
    settings: Settings
    notes: tuple[str, ...] = ()

    def scores(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return what the graph puts out, shape (n, k), for prepared pictures (n, 3, h, w)."""
        return _scores(self.session, (self.input, self.output), self._laid(pixels), self.batch)

    def _laid(self, pixels: Pixels) -> Any:
        given = np.moveaxis(pixels, 1, 3) if self.is_channels_last else pixels
        return np.ascontiguousarray(given).astype(self.dtype)


def takes_pictures(path: Path, form: str) -> bool:
    """Return whether a model has one input of rank 4 with three colours, and no other input."""
    if form == "onnx-zip":
        return True
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (DecodeError, ValueError, RecursionError):
        # What is wrong is told by the reader that is asked next.
        return False
    given = onnx_file.given_inputs(model.graph)
    return len(given) == 1 and _layout(given[0]) is not None


def load_pictures(path: Path, form: str) -> PictureGraph:
    """Read an ONNX image classifier: a plain file, or a zip of it with a file of its settings.

    Raises
    ------
    RefusedFile
        If it is damaged, unsafe, gives no score for each class, or NaN for a picture.
    """
    graph, beside = _unzipped(path) if form == "onnx-zip" else (path.read_bytes(), b"")
    model, _ = onnx_file.checked(graph)
    given = onnx_file.given_inputs(model.graph)
    shape = _layout(given[0]) if len(given) == 1 else None
    if shape is None:
        raise RefusedFile(
            "This ONNX model takes no pictures: it needs one input of shape (n, 3, height, width) "
            "or (n, height, width, 3)."
        )
    is_last, height, width, batch = shape
    data = model.SerializeToString()
    opened, output = session(data), _output(model.graph)
    dtype = KINDS[given[0].type.tensor_type.elem_type]
    tried = _try(opened, (given[0].name, output), _blank(shape, dtype), batch)
    size = (height, width)
    known = told(beside, size) if beside else guessed(model.producer_name, dtype, size)
    outputs, notes = _names(model, known, tried.shape[1])
    is_share = bool((tried >= -1e-6).all() and np.allclose(tried.sum(axis=1), 1, atol=1e-3))
    return PictureGraph(
        data=data, session=opened, input=given[0].name, output=output, dtype=dtype,
        is_channels_last=is_last, height=height, width=width, batch=batch, outputs=outputs,
        is_probability=is_share, architecture=_architecture(model),
        parameters=sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer),
        settings=known, notes=(*notes, *known.notes),
    )  # fmt: skip


def _unzipped(path: Path) -> tuple[bytes, bytes]:
    """Return the bytes of the graph, and of the JSON file beside it if there is one."""
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    graphs = [entry for entry in entries if entry.filename.lower().endswith(".onnx")]
    beside = [entry for entry in entries if entry.filename.lower().endswith(".json")]
    if len(graphs) != 1 or len(beside) > 1:
        raise RefusedFile(
            "The archive must hold one .onnx file, and at most one .json file with its classes and "
            "how pictures are prepared."
        )
    settings = read_entry(path, beside[0], CONFIG_BYTES) if beside else b""
    return read_entry(path, graphs[0], MOST_BYTES), settings


def _layout(value: Any) -> tuple[bool, int, int, int] | None:
    """Return (channels last, height, width, batch), None for no picture; free sizes are usual."""
    tensor = value.type.tensor_type
    sizes = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim]
    if len(sizes) != 4 or tensor.elem_type not in KINDS:
        return None
    if sizes[1] == 3:
        return False, sizes[2] or USUAL_SIDE, sizes[3] or USUAL_SIDE, max(0, sizes[0])
    if sizes[3] == 3:
        return True, sizes[1] or USUAL_SIDE, sizes[2] or USUAL_SIDE, max(0, sizes[0])
    return None


def _blank(shape: tuple[bool, int, int, int], dtype: str) -> Any:
    is_last, height, width, _ = shape
    if max(height, width) > LARGEST_SIDE:
        raise RefusedFile(
            f"This ONNX model takes pictures of {height:,} × {width:,} points; at most "
            f"{LARGEST_SIDE:,} a side are made."
        )
    size = (2, height, width, 3) if is_last else (2, 3, height, width)
    draw = np.random.default_rng(0).random(size)
    return (draw * (255 if dtype == "u1" else 1)).astype(dtype)


def _output(graph: Any) -> str:
    floats = {Type.FLOAT, Type.FLOAT16, Type.DOUBLE}
    found = [part.name for part in graph.output if part.type.tensor_type.elem_type in floats]
    if not found:
        raise RefusedFile("This ONNX model puts out no scores. Export it with its logits.")
    return str(next((name for name in found if "logit" in name.lower()), found[0]))


def _try(opened: Any, ends: tuple[str, str], pixels: Any, batch: int) -> NDArray[np.float64]:
    try:
        found = _scores(opened, ends, pixels, batch)
    except LimitExceeded:
        raise
    except XaiError as error:
        raise RefusedFile(str(error)) from None
    if np.isnan(found).any():
        raise RefusedFile("This ONNX model gives NaN for pictures, so nothing can be explained.")
    if found.shape[1] < 2:
        raise RefusedFile(
            "This ONNX model gives one number for a picture. Explained are classifiers, with one "
            "score for each class."
        )
    return found


def _scores(opened: Any, ends: tuple[str, str], given: Any, batch: int) -> NDArray[np.float64]:
    size, parts = batch or len(given), []
    for start in range(0, len(given), max(1, size)):
        part = given[start : start + size]
        count = len(part)
        if batch and count < batch:
            part = np.concatenate([part, np.repeat(part[-1:], batch - count, axis=0)])
        try:
            found = np.asarray(opened.run([ends[1]], {ends[0]: part})[0], dtype=np.float64)
        except Exception as error:
            if MEMORY.search(str(error)):
                raise LimitExceeded(
                    "The ONNX model asked for more memory than it may have."
                ) from None
            raise XaiError(f"The ONNX model fails on pictures: {reason(error)}") from None
        if found.ndim < 2 or found.size != len(part) * found.shape[1]:
            raise XaiError(f"The ONNX model gives {found.shape} for {len(part)} pictures.")
        parts.append(found.reshape(len(part), -1)[:count])
    return np.concatenate(parts)


def _names(model: Any, settings: Settings, width: int) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the classes: from the file beside, from the graph, or numbers."""
    told = settings.classes
    if told and len(told) != width:
        raise RefusedFile(
            f"The file beside the graph names {len(told):,} classes, the graph gives {width:,} "
            "scores. Put the right list there."
        )
    found = told or _in_graph(model)
    if len(found) == width and len(set(found)) == width:
        return tuple(found), []
    return tuple(str(i) for i in range(width)), [
        "The graph does not name its classes; they are numbered from 0."
    ]


def _in_graph(model: Any) -> tuple[str, ...]:
    for entry in model.metadata_props:
        if entry.key in NAMES:
            try:
                given = json.loads(entry.value)
            except (ValueError, RecursionError):
                # Some exporters write a dictionary as Python does; its words are enough.
                given = [word for _, word in re.findall(r"(\d+)\s*:\s*'([^']*)'", entry.value)]
            words = list(given.values()) if isinstance(given, dict) else given
            return tuple(clean(str(word)) for word in words) if isinstance(words, list) else ()
    return ()


def _architecture(model: Any) -> str:
    kinds = [node.op_type for node in model.graph.node]
    origin = f" from {clean(model.producer_name, 60)}" if model.producer_name else ""
    convolutions = kinds.count("Conv")
    inside = f"{convolutions} convolutions" if convolutions else f"{len(kinds)} operators"
    return f"ONNX image classifier, {inside}{origin}"
