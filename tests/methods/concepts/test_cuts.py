"""Where networks and graphs can be cut: the halves are the whole, transformers before attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.methods.concepts.planted import Planted
from xai.methods.concepts.graph_cuts import graph_cuts
from xai.methods.concepts.head import probe
from xai.methods.concepts.layers import _is_read
from xai.methods.concepts.layout import layout
from xai.methods.concepts.network_cuts import network_cuts
from xai.methods.concepts.views import Views

IMAGES = torch.rand((4, 3, 32, 32), generator=torch.Generator().manual_seed(1))


def transformers_model(kind):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if kind == "vit":
        config = transformers.ViTConfig(
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=48,
            image_size=32,
            patch_size=8,
            num_labels=3,
        )
        return transformers.ViTForImageClassification(config)
    if kind == "resnet":
        config = transformers.ResNetConfig(
            layer_type="basic",
            depths=[1, 1],
            hidden_sizes=[16, 24],
            embedding_size=16,
            num_labels=3,
            downsample_in_first_stage=False,
        )
        return transformers.ResNetForImageClassification(config)
    config = transformers.SwinConfig(
        embed_dim=16,
        depths=[1, 1],
        num_heads=[2, 2],
        image_size=32,
        patch_size=2,
        window_size=4,
        num_labels=3,
    )
    return transformers.SwinForImageClassification(config)


def cuts_of(kind):
    network = transformers_model(kind).eval().requires_grad_(False)

    def forward(images):
        return network(pixel_values=images).logits

    return network, forward, network_cuts(network, forward, IMAGES[:2])


@pytest.mark.parametrize("kind", ["vit", "resnet", "swin"])
@torch.no_grad()
def test_the_halves_are_the_whole(kind):
    _network, forward, cuts = cuts_of(kind)
    assert len(cuts) >= 3
    for cut in cuts:
        maps, rest = cut.encode(IMAGES)
        assert maps.shape == (4, *cut.grid, cut.channels)
        np.testing.assert_allclose(cut.head(maps, rest), forward(IMAGES), atol=1e-5)


def test_a_network_is_itself_again_after_a_head():
    network, forward, cuts = cuts_of("resnet")
    with torch.no_grad():
        before = forward(IMAGES)
        cuts[0].head(*cuts[0].encode(IMAGES))
        np.testing.assert_array_equal(forward(IMAGES), before)
    assert not any("forward" in vars(module) for module in network.modules())


def test_the_class_token_has_no_place_and_the_last_layer_is_not_read():
    _network, _forward, cuts = cuts_of("vit")
    with torch.no_grad():
        assert cuts[-1].encode(IMAGES)[1].shape == (4, 1, 32)
        views = [Views(np.arange(4), *cut.encode(IMAGES)) for cut in cuts]
        read = {cut.name: _is_read(cut, seen) for cut, seen in zip(cuts, views, strict=True)}
    assert not read["vit.layernorm"]
    assert not read["vit.layers.2"]
    assert read["vit.layers.1"]


def test_a_mean_pooled_transformer_is_read_to_the_end():
    _network, _forward, cuts = cuts_of("swin")
    with torch.no_grad():
        maps, rest = cuts[-1].encode(IMAGES)
        assert probe(cuts[-1], maps, rest).form == "pooled affine"


def test_a_skip_around_a_layer_is_no_cut():
    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.around, self.through = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
            self.last = nn.Linear(4, 3)

        def forward(self, images):
            return self.last((self.around(images) + self.through(images)).mean(dim=(2, 3)))

    torch.manual_seed(0)
    network = Skipping()
    assert network_cuts(network, network, IMAGES[:2]) == ()


def exported(network, path, images):
    pytest.importorskip("onnx")
    with torch.no_grad():
        torch.onnx.export(
            network,
            (images,),
            str(path),
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
            dynamo=False,
            opset_version=17,
        )
    return path.read_bytes()


@pytest.mark.parametrize("ends_in_softmax", [False, True])
def test_a_graph_is_cut_where_one_tensor_lives(tmp_path, ends_in_softmax):
    network = Planted().eval()
    whole = nn.Sequential(network, nn.Softmax(dim=1)) if ends_in_softmax else network
    cuts = graph_cuts(exported(whole, tmp_path / "m.onnx", IMAGES), IMAGES[:2])
    last = [cut for cut in cuts if cut.grid == (8, 8)][-1]
    maps, rest = last.encode(IMAGES)
    assert maps.shape == (4, 8, 8, 16)
    assert float(maps.min()) >= 0
    with torch.no_grad():
        np.testing.assert_allclose(last.head(maps, rest), network(IMAGES), atol=1e-4)
    assert probe(last, maps, rest).form == "pooled affine"


def test_a_graph_fixed_to_one_image_is_freed_where_its_nodes_allow(tmp_path):
    network, path = Planted().eval(), tmp_path / "m.onnx"
    with torch.no_grad():
        torch.onnx.export(network, (IMAGES[:1],), str(path), dynamo=False, opset_version=17)
        cut = graph_cuts(path.read_bytes(), IMAGES[:2])[-1]
        np.testing.assert_allclose(cut.head(*cut.encode(IMAGES)), network(IMAGES), atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((16, 7, 7), ("channels first", (7, 7), 16, 0)),
        ((7, 7, 16), ("channels last", (7, 7), 16, 0)),
        ((50, 16), ("tokens", (7, 7), 16, 1)),
        ((54, 16), ("tokens", (7, 7), 16, 5)),
        ((49, 16), ("tokens", (7, 7), 16, 0)),
    ],
)
def test_shapes_are_read_as_places(shape, expected):
    found = layout(shape, (224, 224))
    assert (found.form, found.grid, found.channels, found.placeless) == expected


def test_tokens_of_an_oblong_image_keep_its_proportions():
    assert layout((8 * 14 + 1, 16), (128, 224)).grid == (8, 14)
    assert layout((16,), (224, 224)) is None
