"""What is inside a zip or a compressed file, judged by its directory and its first bytes alone."""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from xai.assets import folder_config, folder_entries, pickles, signatures
from xai.assets.signatures import AS_CSV, AS_FOLDER, AS_ONNX
from xai.assets.wording import count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOOKED_AT = 1 << 20
# A forest saved by skops has five entries for each of its trees.
MOST_ENTRIES = 50_000
MOST_DIRECTORY = 16 << 20
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_OTHER_PICTURES = (".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".svg")
_TENSORS = ("torch._utils.", "torch.storage.", "torch.serialization.", "torch.FloatStorage",
    "torch.DoubleStorage", "torch.HalfStorage", "torch.BFloat16Storage", "torch.LongStorage",
    "torch.IntStorage", "torch.ByteStorage", "torch.BoolStorage", "torch.Size", "torch.float",
    "torch.int", "torch.bfloat", "torch.device")  # fmt: skip
_OFFICE = {"xl/workbook.xml": "an Excel workbook", "word/document.xml": "a Word document"}
_DAMAGED = "This zip archive is cut short or damaged. Upload it again, or write the file again."


def pickle_sentence(start: bytes, found: str = "Python pickle") -> str:
    """Return why a pickle is refused, naming what it would call."""
    names = pickles.globals_named(start)
    inside = f"{found}, it names {quoted(names[0])}" if names else found
    return (
        f"This file can run code when opened ({inside}), so it is not opened. Save a scikit-learn "
        "pipeline with skops: `skops.io.dump(model, 'model.skops')`; a network as ONNX; a table as "
        "CSV or Parquet."
    )


def look_into_zip(path: Path) -> str:
    """Return the format of a zip that is read here; refuse every other.

    Raises
    ------
    RefusedFile
        With what the archive holds, and the way to convert it.
    """
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) > MOST_ENTRIES:
                raise RefusedFile(_crowd(len(names)))
            if "schema.json" in names:
                return "skops"
            for test in (_torch, _keras, _numpy, _foreign):
                if sentence := test(archive, names):
                    raise RefusedFile(sentence)
            return _known(path, names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError,
            ValueError, OSError) as error:  # fmt: skip
        raise RefusedFile(_DAMAGED) from error


def _known(path: Path, names: list[str]) -> str:
    if folder_entries.is_folder(names):
        return f"hf-{folder_config.task_in(path)}"
    endings = [PurePosixPath(name).suffix.lower() for name in names]
    if ".onnx" in endings and set(endings) <= {"", ".onnx", ".json", ".md", ".txt"}:
        return "onnx-zip"
    if any(ending in PICTURES for ending in endings):
        return "images"
    raise RefusedFile(_describe(names))


def look_into_stream(start: bytes) -> str:
    """Return why a compressed file is refused, "" if it is not compressed."""
    for magic, (name, unpack) in _STREAMS.items():
        if start.startswith(magic):
            inner = unpack(start)
            if pickles.is_pickle(inner) or inner.startswith(b"\x80"):
                return pickle_sentence(inner, f"compressed Python pickle, {name}")
            known = signatures.refusal(inner)
            return known or (
                f"This file is compressed ({name}). Unpack it and upload what is inside."
            )
    return ""


def _check_directory(path: Path) -> None:
    """Judge the directory's size before zipfile reads it into memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        end = file.read()
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or len(end) < place + 22:
        raise RefusedFile(_DAMAGED)
    entries = int.from_bytes(end[place + 10 : place + 12], "little")
    directory = int.from_bytes(end[place + 12 : place + 16], "little")
    # 0xFFFF… says that the true numbers stand in a zip64 record: such counts are too many anyway.
    if entries > MOST_ENTRIES or directory > MOST_DIRECTORY:
        raise RefusedFile(_crowd(entries))


def _crowd(entries: int) -> str:
    return (
        f"This zip archive has {count(entries, 'entry').replace('entrys', 'entries')}, more than "
        "any model that is read here. Unpack it and upload the model or the table inside."
    )


def _describe(names: list[str]) -> str:
    if sentence := _tables(names) or _pictures(names):
        return sentence
    inside = listed([quoted(name) for name in names if not name.endswith("/")] or ["nothing"], 4)
    return (
        f"This zip archive holds {inside}, which is no model that Parallax knows. "
        "Unpack it and upload the model or the table inside."
    )


def _torch(archive: zipfile.ZipFile, names: list[str]) -> str:
    bases = {PurePosixPath(name).name for name in names}
    if "serialized_exported_program.json" in bases or any(
        name.endswith("archive_format") for name in names
    ):
        return (
            "This is a torch.export archive (.pt2), which can run code when opened. "
            "Export the model to ONNX: `torch.onnx.export(model, example, 'model.onnx')`."
        )
    if "data.pkl" not in bases:
        return ""
    if "constants.pkl" in bases or any("/code/" in name for name in names):
        return (
            "TorchScript is a program and could read files on this server. Export the model to "
            "ONNX: `torch.onnx.export(model, example, 'model.onnx')`."
        )
    start = _first_bytes(archive, next(n for n in names if PurePosixPath(n).name == "data.pkl"))
    own = [
        name
        for name in pickles.globals_named(start)
        if not pickles.is_everyday(name) and not name.startswith(_TENSORS)
    ]
    holds = f"Python objects ({quoted(own[0])})" if own else "weights without their network"
    return (
        f"This PyTorch file stores {holds}. {AS_FOLDER} A network for tables or pictures is also "
        "read as ONNX: `torch.onnx.export(model, example, 'model.onnx')`."
    )


def _keras(archive: zipfile.ZipFile, names: list[str]) -> str:  # noqa: ARG001 - one signature
    if any(name.endswith(".weights.h5") for name in names):
        return (
            "Keras archives can run code even in safe mode (CVE-2026-1462). "
            "Convert the model to ONNX with `tf2onnx`."
        )
    if any(PurePosixPath(name).name == "saved_model.pb" for name in names):
        return (
            "This is a TensorFlow SavedModel, which can read and write files. Convert it: "
            "`python -m tf2onnx.convert --saved-model folder --output model.onnx`."
        )
    return ""


def _numpy(archive: zipfile.ZipFile, names: list[str]) -> str:
    arrays = [name for name in names if name.endswith(".npy")]
    if not arrays or len(arrays) < len(names):
        return ""
    for name in arrays[:20]:
        if sentence := numpy_objects(_first_bytes(archive, name)):
            return sentence
    return f"These are NumPy arrays without names of columns. {AS_CSV}"


def numpy_objects(start: bytes) -> str:
    """Return why a `.npy` file is refused if it holds Python objects, else ""."""
    header = start[: 10 + int.from_bytes(start[8:10], "little")]
    if b"'|O'" not in header and b'"|O"' not in header:
        return ""
    return pickle_sentence(start[len(header) :], "NumPy array of Python objects")


def _foreign(archive: zipfile.ZipFile, names: list[str]) -> str:  # noqa: ARG001
    for part, what in _OFFICE.items():
        if part in names:
            return f"This is {what}. {AS_CSV}"
    if "content.xml" in names and "mimetype" in names:
        return f"This is an OpenDocument file. {AS_CSV}"
    bases = {PurePosixPath(name).name for name in names}
    if "MLmodel" in bases:
        return (
            "This is an MLflow folder. Upload the model file in it, if it is XGBoost, LightGBM, "
            "skops or ONNX."
        )
    if "META-INF/MANIFEST.MF" in names or "model.ini" in bases:
        return f"This is a Java archive, such as H2O writes, which is not read here. {AS_ONNX}"
    return ""


def _tables(names: list[str]) -> str:
    inside = [n for n in names if n.lower().endswith((".csv", ".tsv", ".parquet", ".txt", ".json",
              ".ubj", ".onnx", ".skops"))]  # fmt: skip
    if inside and len(names) <= 20:
        return f"This zip archive holds {quoted(inside[0])}. Unpack it and upload that file itself."
    return ""


def _pictures(names: list[str]) -> str:
    if any(name.lower().endswith(_OTHER_PICTURES) for name in names):
        return "The pictures in this zip archive are of a kind that is not read. Use PNG or JPEG."
    return ""


def _first_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(LOOKED_AT)


def _unpack_zlib(start: bytes) -> bytes:
    # 32 + 15: zlib or gzip, by its own header.
    return zlib.decompressobj(47).decompress(start, LOOKED_AT)


def _unpack_bz2(start: bytes) -> bytes:
    return bz2.BZ2Decompressor().decompress(start, LOOKED_AT)


def _unpack_xz(start: bytes) -> bytes:
    return lzma.LZMADecompressor(memlimit=256 << 20).decompress(start, LOOKED_AT)


def _quietly(unpack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def unpacked(start: bytes) -> bytes:
        try:
            return unpack(start)
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
            return b""

    return unpacked


_STREAMS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", _quietly(_unpack_zlib)),
    b"\x78\x01": ("zlib", _quietly(_unpack_zlib)),
    b"\x78\x5e": ("zlib", _quietly(_unpack_zlib)),
    b"\x78\x9c": ("zlib", _quietly(_unpack_zlib)),
    b"\x78\xda": ("zlib", _quietly(_unpack_zlib)),
    b"BZh": ("bzip2", _quietly(_unpack_bz2)),
    b"\xfd7zXZ\0": ("xz", _quietly(_unpack_xz)),
    b"\x5d\0\0": ("lzma", _quietly(_unpack_xz)),
    b"\x04\x22\x4d\x18": ("lz4", lambda _: b""),
    b"\x28\xb5\x2f\xfd": ("zstandard", lambda _: b""),
}
