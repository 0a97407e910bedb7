from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.assets.evil import Evil, Harmless, numpy_file
from xai.assets import documents
from xai.assets.sniff import expect, sniff
from xai.errors import RefusedFile


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def zipped(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def parquet():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), buffer)
    return buffer.getvalue()


def archive_of(mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("../x"))
    return buffer.getvalue()


XGB = {"learner": {"gradient_booster": {"model": {}}}, "version": [3, 2, 0]}
UBJ = b"{L" + struct.pack(">q", 7) + b"learner{L" + struct.pack(">q", 1) + b"aZ}}"
SAFETENSORS = struct.pack("<Q", 2) + b"{}"
ONNX = b"\x08\x08\x12\x04test\x3a\x02\x0a\x00\x42\x02\x10\x0d"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,b\n1,2\n", "csv"),
        ("MZ,b\n1,2\n", "csv"),
        ("tau.x,b\n1,2\n", "csv"),
        ("cat\nname\n.\n", "csv"),
        ("[a],b\n1,2\n", "csv"),
        ("a,b\nx\x1b,2\n".encode("utf-16"), "csv"),
        (parquet(), "parquet"),
        ("tree\nversion=v4\nnum_class=1\n", "lightgbm"),
        (json.dumps(XGB), "xgboost-json"),
        (json.dumps(XGB, indent=2) + "\n", "xgboost-json"),
        (UBJ, "xgboost-ubj"),
        (ONNX, "onnx"),
        (zipped(schema__json="{}"), "skops"),
        (zipped(**{"cat/1__png": "", "labels__csv": ""}), "images"),
        ('{"a": 1}\n{"a": 2}\n', "jsonl"),
        ('{"model_type": "x"}\r\n{"model_type": "y"}\r\n', "jsonl"),
    ],
)
def test_what_is_read_is_told_by_content(write, content, found):
    assert sniff(write(content), "wrong.exe") == found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (np.random.default_rng(0).bytes(2048), "`odd name` is not a model or dataset"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"<svg onload='x'>", r"drawing \(SVG\)"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89HDF\r\n\x1a\n", "tf2onnx"),
        (b"GGUF\x03\0\0\0", "Upload the Hugging Face folder"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x7fELF\x02", "program"),
        (b"MZ\x90\0\x03\0", "program"),
        (b"<?xml version='1.0'?><PMML>", "PMML"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"RDX3\nX\n\0\0\0", "R data"),
        (gzip.compress(b"X\n\0\0\0\3"), "R data"),
        (gzip.compress(b"a,b\n1,2\n"), "compressed"),
        (archive_of("w"), "tar archive"),
        (archive_of("w:gz"), "tar archive"),
        (SAFETENSORS, "Upload the whole folder"),
        ('{"model_type": "bert"}', "Upload the whole folder"),
        ('[{"text": "a"}]', "JSON lines"),
        (parquet()[:-3], "cut short"),
        (UBJ[:-4], "cut short"),
        (json.dumps(XGB)[:-9], "cut short"),
        ('[{"nodeid": 0}]', "dump of XGBoost"),
        ("booster[0]:\n0:[f0<1] yes=1\n", "text dump"),
        ('{"tree_info": []}', "save_model"),
        ('{"weights": [1]}', "begins with the key `weights`"),
        ('{"a":' + "[" * 100_000, "not an XGBoost model"),
        (b"{U\x04name" + b"\0" * 20, "UBJSON"),
        (numpy_file(np.zeros(3)), "NumPy"),
        (numpy_file(np.array([Evil()], object)), "posix.system"),
    ],
)  # fmt: skip
def test_other_files_are_refused_with_the_way_out(write, content, told):
    with pytest.raises(RefusedFile, match=told) as error:
        sniff(write(content), "odd name")
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"m/data__pkl": pickle.dumps(Harmless()), "m/version": "3"}, "Python objects .*Harmless"),
        ({"m/data__pkl": pickle.dumps({}), "m/version": "3"}, "weights without their network"),
        ({"m/data__pkl": "", "m/constants__pkl": "", "m/code/x__py": ""}, "TorchScript"),
        ({"m/archive_format": "pt2"}, "torch.export"),
        ({"serialized_exported_program__json": "{}"}, "torch.export"),
        ({"config__json": "{}", "model__weights__h5": ""}, "CVE-2026-1462"),
        ({"s/saved_model__pb": ""}, "SavedModel"),
        ({"config__json": "{}", "model__safetensors": ""}, "does not name the architecture"),
        ({"pytorch_model__bin": ""}, "can run code"),
        ({"xl/workbook__xml": ""}, "Excel"),
        ({"content__xml": "", "mimetype": ""}, "OpenDocument"),
        ({"MLmodel": "", "model__xgb": ""}, "MLflow"),
        ({"META-INF/MANIFEST__MF": ""}, "Java"),
        ({"people__csv": "a,b"}, "Unpack it and upload that file"),
        ({"cat/1__tiff": ""}, "Use PNG or JPEG"),
        ({"x__npy": numpy_file(np.array([Evil()], object))}, "posix.system"),
        ({"x__npy": numpy_file(np.zeros(2))}, "NumPy arrays"),
        ({"readme": ""}, "`readme`"),
        ({}, "nothing"),
    ],
)
def test_zips_are_told_apart_by_what_they_hold(write, parts, told):
    with pytest.raises(RefusedFile, match=told):
        sniff(write(zipped(**parts)))


def test_a_crowd_of_entries_is_refused_before_it_is_listed(write, monkeypatch):
    monkeypatch.setattr("xai.assets.archives.MOST_ENTRIES", 3)
    with pytest.raises(RefusedFile, match="4 entries"):
        sniff(write(zipped(**dict.fromkeys("abcd", ""))))


def test_a_cut_zip_is_damaged(write):
    with pytest.raises(RefusedFile, match="cut short"):
        sniff(write(zipped(schema__json="{}")[:-10]))


def test_each_file_belongs_on_its_side():
    expect("onnx", "model")
    expect("csv", "dataset")
    with pytest.raises(RefusedFile, match="an ONNX model, not data"):
        expect("onnx", "dataset")
    with pytest.raises(RefusedFile, match="on the Datasets page"):
        expect("csv", "model")


def test_a_list_of_names_in_brackets_is_no_json():
    assert not documents.is_json(b"[a],b\n")
    assert documents.is_json(b'\xef\xbb\xbf {"a": 1}')
