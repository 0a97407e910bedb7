"""Kinds of file that are known by their first bytes and refused: what they are, and the way out."""

from __future__ import annotations

from dataclasses import dataclass

AS_FOLDER = "Upload the whole folder that `save_pretrained` wrote, as a .zip."
AS_CSV = "Save the table as CSV or Parquet and upload that file."
AS_ONNX = "Convert the model to ONNX and upload the .onnx file."


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes at a place, and the sentence for the person who uploaded them."""

    magic: bytes
    sentence: str
    offset: int = 0

    def matches(self, start: bytes, *, is_text: bool) -> bool:
        """Return whether a file beginning with `start` bears this signature."""
        # A table may begin with a column called MZ or ORC.
        is_chance = is_text and self.magic.isalnum()
        return not is_chance and start.startswith(self.magic, self.offset)


_PICTURE = (
    "This is a single picture. Upload pictures together as a .zip, with a folder for each class or "
    "with a labels.csv."
)
_SOUND = (
    "This is a sound or video file, which no model here takes. Upload a table, texts or pictures."
)
_HDF5 = (
    "This is an HDF5 file, as Keras writes its .h5 models; such archives can carry code. "
    "Convert a Keras model to ONNX with `tf2onnx`; save a table as CSV or Parquet."
)
_PROGRAM = (
    "This is a program, and programs are never run here. Upload the saved model or the table."
)
_R = (
    "This is an R data file. Save an XGBoost model with `xgb.save(model, 'model.json')`, "
    "a table with `write.csv(table, 'table.csv', row.names = FALSE)`."
)
_SPREADSHEET = f"This is an Excel workbook (.xls). {AS_CSV}"
_ARROW = "This is an Arrow (Feather) file. Save the table as Parquet and upload that file."
_STATISTICS = f"This is a data file of a statistics program. {AS_CSV}"
_UNPACK = "Unpack it and upload the model or the table inside."

SIGNATURES = (
    Signature(b"\x89PNG\r\n\x1a\n", _PICTURE),
    Signature(b"\xff\xd8\xff", _PICTURE),
    Signature(b"GIF87a", _PICTURE),
    Signature(b"GIF89a", _PICTURE),
    Signature(b"WEBP", _PICTURE, 8),
    Signature(b"II*\0", _PICTURE),
    Signature(b"MM\0*", _PICTURE),
    Signature(b"ftypavif", _PICTURE, 4),
    Signature(b"ftypheic", _PICTURE, 4),
    Signature(b"WAVE", _SOUND, 8),
    Signature(b"ID3", _SOUND),
    Signature(b"OggS", _SOUND),
    Signature(b"fLaC", _SOUND),
    Signature(b"ftyp", _SOUND, 4),
    Signature(b"\x1aE\xdf\xa3", _SOUND),
    Signature(b"%PDF", f"This is a PDF document. {AS_CSV}"),
    Signature(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SPREADSHEET),
    Signature(b"\x89HDF\r\n\x1a\n", _HDF5),
    Signature(
        b"GGUF",
        "This is a GGUF language model, which is not read here. Upload the Hugging Face folder "
        "that it was made from, as a .zip.",
    ),
    Signature(
        b"TFL3",
        "This is a TensorFlow Lite model, which is not read here. Convert it to ONNX with "
        "`python -m tf2onnx.convert --tflite model.tflite --output model.onnx`.",
        4,
    ),
    Signature(
        b"CBM1",
        "This is a CatBoost model, which this version does not read. Export it to ONNX: "
        "`model.save_model('model.onnx', format='onnx')`.",
    ),
    Signature(
        b"binf",
        "This is XGBoost's old binary format. Load it in XGBoost and save it again: "
        "`booster.save_model('model.json')`.",
    ),
    Signature(b"SQLite format 3\0", f"This is an SQLite database. {AS_CSV}"),
    Signature(b"ARROW1", _ARROW),
    Signature(b"FEA1", _ARROW),
    Signature(b"\xff\xff\xff\xff", _ARROW),
    Signature(
        b"PARE",
        "This Parquet file is encrypted. Write it again without encryption.",
    ),
    Signature(b"ORC", f"This is an ORC file. {AS_CSV}"),
    Signature(b"Obj\x01", f"This is an Avro file. {AS_CSV}"),
    Signature(b"<stata_dta>", _STATISTICS),
    Signature(b"$FL2", _STATISTICS),
    Signature(b"\0" * 12 + b"\xc2\xea\x81\x60", _STATISTICS),
    Signature(b"MATLAB 5.0 MAT-file", f"This is a MATLAB file. {AS_CSV}"),
    Signature(b"RDX2\n", _R),
    Signature(b"RDX3\n", _R),
    Signature(b"X\n\0\0\0", _R),
    Signature(b"7z\xbc\xaf\x27\x1c", f"This is a 7-Zip archive. {_UNPACK}"),
    Signature(b"Rar!\x1a\x07", f"This is a RAR archive. {_UNPACK}"),
    Signature(b"ustar", f"This is a tar archive. {_UNPACK}", 257),
    Signature(b"\x7fELF", _PROGRAM),
    Signature(b"MZ", _PROGRAM),
    Signature(b"\xca\xfe\xba\xbe", _PROGRAM),
    Signature(b"#!", _PROGRAM),
)
"""Tried in this order; an entry of few bytes stands after those it could hide."""


def refusal(start: bytes) -> str:
    """Return why a file beginning with these bytes is refused, "" if they are not known here."""
    is_text = looks_like_text(start)
    for signature in SIGNATURES:
        if signature.matches(start, is_text=is_text):
            return signature.sentence
    return ""


def looks_like_text(start: bytes) -> bool:
    """Return whether bytes could be text in some encoding: next to no control characters.

    A stray one happens in real tables; of random bytes they are a tenth.
    """
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    start = start[:65_536]
    return len(start.translate(None, _PRINTABLE)) <= len(start) // 50


_PRINTABLE = bytes([9, 10, 11, 12, 13, 26, *range(32, 127), *range(128, 256)])
