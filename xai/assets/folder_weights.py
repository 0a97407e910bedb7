"""Headers of safetensors files and their index, read and checked without their library."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from xai.assets.safety import read_json
from xai.assets.wording import count, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

MOST_PARAMETERS = 500_000_000
MOST_TENSORS = 20_000
_HEADER_BYTES = 16 << 20
_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U8": 8, "BOOL": 8,
}  # fmt: skip
_FLOATS = {"F64", "F32", "F16", "BF16"}
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_DAMAGED = "The weights ({}) are damaged: {}. Save the model again, and zip it again."

Shapes = dict[str, tuple[int, ...]]


def indexed(data: bytes, present: set[str]) -> dict[str, str]:
    """Return the map from tensors to weight files in an index.

    Raises
    ------
    RefusedFile
        If it names anything but weight files of the same folder.
    """
    found = read_json(data)
    given = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(given, dict) or not given or len(given) > MOST_TENSORS:
        raise RefusedFile("The index of the weights holds no weight_map. Save the model again.")
    for name in given.values():
        if not isinstance(name, str) or not _WEIGHTS.fullmatch(name):
            raise RefusedFile(
                f"The index of the weights points at {quoted(str(name))}, which is no weight file "
                "of this folder. Save the model again with `save_pretrained`."
            )
        if name not in present:
            raise RefusedFile(
                f"The weights {quoted(name)}, which the index names, are not in the archive. "
                "Zip the whole folder."
            )
    return given


def shapes_in(path: Path, name: str) -> Shapes:
    """Return the name and shape of every tensor in a safetensors file.

    Raises
    ------
    RefusedFile
        If the header is damaged, lies about sizes, or holds weights of a kind that is not read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_HEADER_BYTES, max(0, size - 8)):
            raise _damaged(name, "its header is longer than the file, or no header at all")
        header = read_json(file.read(length))
    if not isinstance(header, dict) or len(header) > MOST_TENSORS:
        raise _damaged(name, "its header is no list of tensors")
    header.pop("__metadata__", None)
    spans = sorted(_span(name, tensor, entry) for tensor, entry in header.items())
    place = 0
    for start, stop in spans:
        if start != place:
            raise _damaged(name, "its tensors overlap or leave gaps")
        place = stop
    if place != size - 8 - length:
        raise _damaged(name, "its tensors and the size of the file do not agree")
    return {tensor: tuple(entry["shape"]) for tensor, entry in header.items()}


def check_count(shapes: Shapes) -> int:
    """Return the number of stored numbers.

    Raises
    ------
    RefusedFile
        If there are more than are opened, or none.
    """
    total = sum(math.prod(shape) for shape in shapes.values())
    if total > MOST_PARAMETERS:
        raise too_large(total)
    if not total:
        raise RefusedFile("The weights hold no numbers. Save the model again.")
    return total


def too_large(parameters: int) -> RefusedFile:
    """Return the error for a network of so many parameters."""
    return RefusedFile(
        f"The model has {parameters / 1e6:,.0f} million parameters; at most "
        f"{MOST_PARAMETERS / 1e6:.0f} million are loaded. Choose a smaller model."
    )


def _span(name: str, tensor: str, entry: Any) -> tuple[int, int]:
    """Return where one tensor begins and ends, if its header makes sense."""
    parts = entry if isinstance(entry, dict) else {}
    kind, shape = parts.get("dtype"), _sizes(parts.get("shape"))
    offsets = _sizes(parts.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2:
        raise _damaged(name, f"the shape of {quoted(tensor)} makes no sense")
    if kind not in _BITS:
        raise RefusedFile(
            f"The weights {quoted(tensor)} are stored as {quoted(str(kind))}. Save the model in 16 "
            "or 32 bits: `model.to(torch.float32).save_pretrained(folder)`."
        )
    if math.prod(shape) * _BITS[kind] // 8 != offsets[1] - offsets[0]:
        raise _damaged(name, f"the size of {quoted(tensor)} does not fit its shape")
    if kind not in _FLOATS and math.prod(shape) > 1 << 24:
        raise RefusedFile(
            f"The weights {quoted(tensor)} are whole numbers ({kind}): they are quantised. Save "
            "the model in 16 or 32 bits."
        )
    return offsets[0], offsets[1]


def _sizes(values: Any) -> list[int] | None:
    is_list = isinstance(values, list) and len(values) <= 8
    return values if is_list and all(type(v) is int and 0 <= v < 2**48 for v in values) else None


def _damaged(name: str, what: str) -> RefusedFile:
    return RefusedFile(_DAMAGED.format(name, what))


def compare(wanted: Shapes, stored: Shapes) -> None:
    """Refuse weights that are not those of the network, before anything is allocated.

    Names may have changed between versions of transformers, which translates them as it loads:
    shapes are compared where names are alike, and numbers are counted.

    Parameters
    ----------
    wanted : Shapes
        The network's parameters, tied ones once.

    Raises
    ------
    RefusedFile
        Naming the first tensor whose shape differs.
    """
    by_end: dict[str, tuple[int, ...]] = {}
    for tensor, shape in stored.items():
        by_end[_plain(tensor)] = shape
        by_end.setdefault(_plain(tensor).partition(".")[2], shape)
    for tensor in wanted:
        plain = _plain(tensor)
        held = by_end.get(plain, by_end.get(plain.partition(".")[2]))
        if held is None:
            continue
        if math.prod(held) != math.prod(wanted[tensor]):
            raise RefusedFile(
                f"The weights {quoted(tensor)} have the shape {held}, the network in config.json "
                f"wants {wanted[tensor]}. Zip the config.json that was saved with these weights."
            )
    needed, given = (sum(map(math.prod, shapes.values())) for shapes in (wanted, stored))
    if given < needed:
        raise RefusedFile(
            f"The network in config.json has {count(needed, 'parameter')}, the weights hold "
            f"{given:,}. Zip the config.json that was saved with these weights."
        )


def _plain(tensor: str) -> str:
    return tensor.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
