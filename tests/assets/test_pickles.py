from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import zlib

import pytest

from tests.assets.evil import Evil, Harmless
from xai.assets import pickles
from xai.assets.sniff import sniff
from xai.errors import RefusedFile


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "upload"
        path.write_bytes(content)
        return path

    return written


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_pickles_of_any_protocol_are_named_and_not_opened(write, tmp_path, protocol, pack):
    path = write(pack(pickle.dumps({"model": Evil()}, protocol)))
    with pytest.raises(RefusedFile, match=r"pickle.*names `posix\.system`.*skops\.io\.dump"):
        sniff(path)
    assert not (tmp_path / "never").exists()


def test_the_dangerous_name_comes_first():
    assert pickles.globals_named(pickle.dumps([Harmless(), {1}, Evil()], 2))[0] == "posix.system"


def test_every_pickle_of_a_file_is_looked_at():
    twice = pickle.dumps({1}) + pickle.dumps(Evil())
    assert pickles.globals_named(twice)[0] == "posix.system"


def test_a_name_taken_from_the_memo_is_found():
    twice = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x930h\x00h\x01\x93."
    assert pickles.globals_named(twice) == ["posix.system"]


def test_a_cut_pickle_is_still_a_pickle(write):
    with pytest.raises(RefusedFile, match="it names `posix"):
        sniff(write(pickle.dumps(Evil())[:-12]))


@pytest.mark.parametrize("text", [b"tau.x,b\n", b"a,b\n1,2\n", b"cat\nname\n.\n", b"N.\n", b"."])
def test_text_that_looks_like_opcodes_is_no_pickle(text):
    assert not pickles.is_pickle(text)
