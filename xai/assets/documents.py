"""Text and binary JSON, XML and dumps of trees: which of them are models, what the others are."""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING

from xai.assets.signatures import AS_CSV, AS_FOLDER, AS_ONNX
from xai.assets.wording import quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

TREE_DUMP = (
    "This is a text dump of trees, which is for reading and not complete. Save the model itself: "
    "`booster.save_model('model.json')`."
)
_CUT = "This XGBoost file is cut short: its end is missing. Upload it again."
_KEY = re.compile(rb'"((?:[^"\\]|\\.){1,80})"\s*:')
# A blank line ends a file of one row; other JSON goes on after its first line.
_LINES = re.compile(rb"(\xef\xbb\xbf)?\s*\{[^\n]*\}[ \t\r]*\n\s*\{")
_SPACE = b" \t\r\n\xef\xbb\xbf"
# How a key of an object may begin in UBJSON: the type of its length, or a typed, counted object.
_UBJ = re.compile(rb"\{(?:\$.)?(?:#)?(?:[iU].|[I]..|l....|L........)[\w]", re.DOTALL)

_JSON_KINDS = (
    ("tree_info", "a LightGBM model dumped as JSON. Save it as `booster.save_model('model.txt')`"),
    ("oblivious_trees", "a CatBoost model in JSON. Export it: "
     "`model.save_model('model.onnx', format='onnx')`"),
    ("nodeid", "a dump of XGBoost's trees. Save the model itself: "
     "`booster.save_model('model.json')`"),
    ("nbformat", "a notebook, and notebooks are not run here. Upload the saved model or table"),
    *((key, f"one file of a Hugging Face model. {AS_FOLDER.removesuffix('.')}")
       for key in ("model_type", "architectures", "weight_map", "added_tokens",
       "tokenizer_class", "chat_template", "image_mean", "bos_token_id")),
    ("__loader__", "only the schema of a skops file. Upload the whole .skops file"),
    ("class_name", f"a Keras model's configuration without weights. {AS_ONNX}"),
)  # fmt: skip


def is_json(start: bytes) -> bool:
    """Return whether text begins as a JSON object, or as a list of objects or lists."""
    text = start.lstrip(_SPACE)
    return bool(re.match(rb'\{\s*["}]|\[\s*[\[{]', text))


def look_into_json(path: Path, start: bytes) -> str:
    """Return "xgboost-json" or "jsonl" (an object a line); refuse other JSON, saying what it is.

    The text is searched, not parsed: it may be deep or very large.

    Raises
    ------
    RefusedFile
        With what was found and what to save instead.
    """
    keys = [match.group(1).decode("utf-8", "replace") for match in _KEY.finditer(start[:65_536])]
    if "learner" in keys[:2] or keys[:1] == ["version"]:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text.find(b'"gradient_booster"') >= 0:
                if text[-4096:].rstrip().endswith(b"}"):
                    return "xgboost-json"
                raise RefusedFile(_CUT)
    if _LINES.match(start):
        return "jsonl"
    for key, what in _JSON_KINDS:
        if key in keys:
            raise RefusedFile(f"This is {what}.")
    seen = f" (it begins with the key {quoted(keys[0])})" if keys else ""
    raise RefusedFile(
        f"This is JSON{seen}, but not an XGBoost model. A model is saved as "
        f"`booster.save_model('model.json')`; a table is uploaded as "
        "CSV, Parquet or JSON lines (one object a line)."
    )


def is_ubjson(start: bytes) -> bool:
    """Return whether bytes begin as an object of Universal Binary JSON."""
    return _UBJ.match(start) is not None and b"\0" in start[:64]


def look_into_ubjson(path: Path, start: bytes) -> str:
    """Return "xgboost-ubj" for a model of XGBoost; refuse other binary JSON.

    Raises
    ------
    RefusedFile
        If it is cut short or no model.
    """
    if b"learner" not in start[:4096]:
        raise RefusedFile(
            "This is binary JSON (UBJSON), but not an XGBoost model. A model is saved as "
            "`booster.save_model('model.ubj')`."
        )
    with path.open("rb") as file:
        file.seek(-1, 2)
        if file.read() not in {b"}", b"]"}:
            raise RefusedFile(_CUT)
    return "xgboost-ubj"


def is_markup(start: bytes) -> bool:
    """Return whether text begins as XML or HTML."""
    # Not any "<": a table may begin with a column called <b>.
    known = rb"(?i)<(!--|(\?xml|!doctype|html|svg|pmml)\b)"
    return bool(re.match(known, start.lstrip(_SPACE)))


def describe_markup(start: bytes) -> str:
    """Return why an XML or HTML file is refused."""
    head = start[:65_536].lower()
    if b"<pmml" in head:
        return f"This is PMML, which is not read here. {AS_ONNX}"
    if b"<svg" in head:
        return "This is a drawing (SVG), which can carry code. Upload PNG or JPEG files as a .zip."
    if b"<html" in head or b"<!doctype html" in head:
        return (
            "This is a web page, not a file of data: perhaps a sign-in page was saved in its "
            "place. Download the file again."
        )
    return f"This is XML, which is not read here. {AS_CSV}"


def is_tree_dump(start: bytes) -> bool:
    """Return whether text begins as XGBoost's dump of trees."""
    return bool(re.match(rb"booster\[\d+\]:?[ \t\r]*\n[ \t]*(bias|\d+):", start))
