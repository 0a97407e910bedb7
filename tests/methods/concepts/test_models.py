"""CRAFT on other models: transformers with a class token, mean-pooled ones, opaque graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.methods.concepts.planted import Planted, pictures, problem
from tests.methods.concepts.test_cuts import cuts_of, exported
from xai.errors import NotApplicable
from xai.methods.concepts.craft import Params, explain
from xai.methods.concepts.graph_cuts import graph_cuts

IMAGES, _MASKS, _LABELS = pictures(12)
QUICK = {"curves": False, "split": "none", "points": 8}


@pytest.mark.parametrize("kind", ["vit", "swin", "resnet"])
def test_every_architecture_is_cut_where_its_decision_reads(kind):
    _network, _forward, cuts = cuts_of(kind)
    given = replace(problem(IMAGES), cuts=lambda _two: cuts)
    given = replace(given, predicted=np.zeros(len(IMAGES), dtype=np.int64))
    found = explain(given, Params(concepts=3, **QUICK))
    last = "vit.layers.1" if kind == "vit" else cuts[-1].name
    if kind == "vit":
        assert found.notes["layer"] not in {"vit.layers.2", "vit.layernorm"}
    assert last in {one["name"] for one in found.notes["layers"]}
    assert np.isfinite(found.importances).all()
    assert len(found.found) == 3


def test_indices_of_a_bent_head_are_shares():
    _network, _forward, cuts = cuts_of("vit")
    given = replace(problem(IMAGES), cuts=lambda _two: cuts[:-3])
    given = replace(given, predicted=np.zeros(len(IMAGES), dtype=np.int64))
    found = explain(given, Params(concepts=2, layer=1, **(QUICK | {"points": 64})))
    assert found.notes["classes"][0]["dictionary"] == "semi_nmf"
    assert not found.notes["classes"][0]["importance_is_exact"]
    indices = found.sobols[np.isfinite(found.sobols)]
    assert ((indices > -0.01) & (indices < 1.2)).all()


def test_an_opaque_graph_gives_what_the_network_gives(tmp_path):
    network = Planted().eval()
    data = exported(network, tmp_path / "m.onnx", IMAGES[:4])
    whole = explain(problem(IMAGES), Params(concepts=3, layer=1, **QUICK))
    opaque = replace(problem(IMAGES), cuts=lambda two: graph_cuts(data, two))
    found = explain(opaque, Params(concepts=3, layer=1, **QUICK))
    assert not np.isnan(found.importances).any()
    np.testing.assert_allclose(found.importances, whole.importances, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.maps, whole.maps, rtol=1e-3, atol=1e-3)


def test_a_graph_with_channels_last_is_explained_alike(tmp_path):
    class Turned(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Planted()

        def forward(self, images):
            return self.inner(images.permute(0, 3, 1, 2))

    laid = IMAGES.permute(0, 2, 3, 1).contiguous()
    data = exported(Turned().eval(), tmp_path / "m.onnx", laid[:4])
    given = replace(
        problem(IMAGES),
        images=lambda of: laid[torch.from_numpy(of)],
        is_channels_last=True,
        cuts=lambda two: graph_cuts(data, two, is_channels_last=True),
    )
    found = explain(given, Params(concepts=3, bank="crops", layer=1, **QUICK))
    whole = explain(problem(IMAGES), Params(concepts=3, bank="crops", layer=1, **QUICK))
    np.testing.assert_allclose(found.importances, whole.importances, rtol=1e-2, atol=1e-2)


def test_a_model_that_cannot_be_cut_is_refused_in_a_sentence():
    with pytest.raises(NotApplicable, match="This model has none"):
        explain(replace(problem(IMAGES), cuts=lambda _two: ()), Params(**QUICK))
