"""Tell what an uploaded file is by its content; its name is only repeated, never believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xai.assets import archives, documents, pickles, protobuf, signatures
from xai.assets.signatures import AS_CSV, AS_FOLDER
from xai.assets.wording import quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

Purpose = Literal["model", "dataset"]

MODELS = {
    "xgboost-json": "an XGBoost model",
    "xgboost-ubj": "an XGBoost model",
    "lightgbm": "a LightGBM model",
    "skops": "a skops model",
    "onnx": "an ONNX model",
    "onnx-zip": "an ONNX model with its settings",
    "hf-text-classification": "a Hugging Face text classifier",
    "hf-text-generation": "a Hugging Face language model",
    "hf-image-classification": "a Hugging Face image classifier",
    "hf-fill-mask": "a Hugging Face masked language model",
}
DATASETS = {
    "csv": "a table or plain text",
    "parquet": "a Parquet table",
    "jsonl": "a file of JSON lines",
    "images": "a zip archive of pictures",
}
ACCEPTED = (
    "XGBoost (.json, .ubj), LightGBM (.txt), skops (.skops), ONNX (.onnx) or a Hugging Face folder "
    "(.zip)"
)
START = 4 << 20


def sniff(path: Path, name: str = "") -> str:
    """Return the format of a file: a key of `MODELS` or `DATASETS`.

    Parameters
    ----------
    path : Path
    name : str
        What the person called the file, for the sentence if it is not known.

    Raises
    ------
    RefusedFile
        With what the file is, why it is not opened, and the way to convert it.
    """
    with path.open("rb") as file:
        start = file.read(START)
    if not start:
        raise RefusedFile("The file is empty: it has no bytes. Upload it again.")
    found = _by_first_bytes(path, start) or _by_structure(path, start)
    if found:
        return found
    if signatures.looks_like_text(start):
        return "csv"
    if start[:4096].count(0) * 3 > len(start[:4096]) and signatures.looks_like_text(
        start[:4096].replace(b"\0", b"")
    ):
        raise RefusedFile("The text is UTF-16 or UTF-32 without its mark. Save the file as UTF-8.")
    called = quoted(name) if name else "This file"
    raise RefusedFile(
        f"{called} is not a model or dataset that Parallax knows. Models are {ACCEPTED}; "
        "data are CSV, Parquet, JSON lines or a .zip of pictures."
    )


def expect(found: str, purpose: Purpose) -> None:
    """Refuse a model where data is expected, and data where a model is expected.

    Raises
    ------
    RefusedFile
        With the side on which the file belongs.
    """
    if purpose == "dataset" and found in MODELS:
        raise RefusedFile(f"This is {MODELS[found]}, not data. Upload it on the Models page.")
    if purpose == "model" and found in DATASETS:
        raise RefusedFile(
            f"This is {DATASETS[found]}, not a model. Upload data on the Datasets page; "
            f"models are {ACCEPTED}."
        )


def _by_first_bytes(path: Path, start: bytes) -> str:
    if start.startswith((b"tree\nversion=", b"tree\r\nversion=")):
        return "lightgbm"
    if start.startswith(b"PAR1"):
        return _whole_parquet(path)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return archives.look_into_zip(path)
    if start.startswith(b"\x93NUMPY"):
        raise RefusedFile(
            archives.numpy_objects(start)
            or f"This is a NumPy array without names of columns. {AS_CSV}"
        )
    # Weights are asked before pickles: the length of their header may be any bytes.
    if _is_safetensors(path, start):
        raise RefusedFile(
            f"This is a safetensors file: weights without their network. {AS_FOLDER} A network "
            "for tables is read as ONNX."
        )
    if pickles.is_pickle(start):
        raise RefusedFile(archives.pickle_sentence(start))
    refusal = archives.look_into_stream(start) or signatures.refusal(start)
    if refusal:
        raise RefusedFile(refusal)
    return ""


def _by_structure(path: Path, start: bytes) -> str:
    if documents.is_ubjson(start):
        return documents.look_into_ubjson(path, start)
    if documents.is_markup(start):
        raise RefusedFile(documents.describe_markup(start))
    if documents.is_json(start):
        return documents.look_into_json(path, start)
    if documents.is_tree_dump(start):
        raise RefusedFile(documents.TREE_DUMP)
    return protobuf.look_into(path, start)


def _whole_parquet(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 4))
        if size < 12 or file.read() != b"PAR1":
            raise RefusedFile("This Parquet file is cut short. Upload it again.")
    return "parquet"


def _is_safetensors(path: Path, start: bytes) -> bool:
    length = int.from_bytes(start[:8], "little")
    body = start[8:200].lstrip()
    is_header = body.startswith((b"{", b"[")) and 2 <= length < 1 << 40
    # The high bytes of a sane length are zero, which no text and no pickle has.
    return is_header and start[5:8] == b"\0\0\0" and path.stat().st_size > 9
