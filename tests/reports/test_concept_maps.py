"""Maps of concepts are read where they lie: the last picture costs what the first does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from xai.reports import concepts
from xai.runner import concept_tables
from xai.runner.folders import write_folder

PICTURES, CONCEPTS, SIDE = 300, 4, 7


@pytest.fixture(scope="module")
def method(tmp_path_factory):
    """Write maps concept by concept, as CRAFT gives them; each holds its picture and concept."""
    pairs = [(c, s) for c in range(CONCEPTS) for s in range(PICTURES)]
    arrays = {
        name: np.ones(len(pairs)) for name in ("coefficients", "importances", "sobols")
    } | {
        "samples": np.array([s for _, s in pairs]), "concepts": np.array([c for c, _ in pairs]),
        "maps": np.array([np.full((SIDE, SIDE), 10.0 * s + c) for c, s in pairs]),
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("maps")
    write_folder(folder, concept_tables.files("craft", {"concepts": []}, arrays), {})
    return SimpleNamespace(folder=folder)


@pytest.mark.parametrize("sample", [0, 17, PICTURES - 1])
def test_every_map_is_that_of_its_picture(method, sample):
    painted = concepts.painted(method, sample, [2, 0])
    assert [set(one.values) for one in painted] == [{10 * sample + 2}, {10 * sample}]
    assert painted[0].shape == (SIDE, SIDE)


@pytest.mark.parametrize("sample", [0, PICTURES - 1])
def test_as_many_rows_are_unpacked_for_the_last_picture_as_for_the_first(
    method, sample, monkeypatch
):
    read, unpacked = pq.ParquetFile.read_row_group, []

    def counted(self, group, **kwargs):
        found = read(self, group, **kwargs)
        unpacked.append(len(found))
        return found

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    concepts.painted(method, sample, list(range(CONCEPTS)))
    assert sum(unpacked) <= 2 * 64
