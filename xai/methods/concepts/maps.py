"""Where a concept lies in an image.

Three ways. "coefficients": the coefficients themselves at the layer's positions, as every released
demonstration shows. "layer": Grad-CAM of the image's pooled coefficient, whose channel weights are
the closed form ∂uᵢ/∂a of implicit differentiation; it needs no backward pass. "pixels": the same
derivative carried on through the encoder to the input, times the input; it needs gradients.
Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, section 3.3; Selvaraju et
al., Grad-CAM, ICCV 2017.
Cost: none beyond the activations; for "pixels" one forward pass and r backward passes per image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.nnls import coefficients, differentiable, sensitivity
from xai.methods.concepts.views import Views

if TYPE_CHECKING:
    from xai.methods.concepts.words import ConceptProblem, Cut
    from xai.vocabulary import Floats

CELLS = 56
"""Most cells along a side of a map made at the pixels."""


def coefficient_maps(codes: Tensor) -> Floats:
    """Return the coefficients (n, h, w, r) as maps (n, r, h, w)."""
    return np.asarray(codes.permute(0, 3, 1, 2).double().numpy())


def layer_maps(views: Views, dictionary: Dictionary) -> Floats:
    """Return Grad-CAM of every concept's pooled coefficient, shape (n, r, h, w).

    A concept that the pooled image does not hold has an empty map.
    """
    found = []
    for maps in views.maps:
        pooled = coefficients(maps.mean(dim=(0, 1))[None], dictionary.bank)
        weights = sensitivity(pooled, dictionary.bank)[0]
        found.append(torch.relu(torch.einsum("rc,hwc->rhw", weights, maps.double())))
    return np.asarray(torch.stack(found).numpy())


def pixel_maps(problem: ConceptProblem, cut: Cut, views: Views, dictionary: Dictionary) -> Floats:
    """Return the pooled coefficient's gradient × input, summed to cells, shape (n, r, y, x).

    Only what raises the coefficient is kept, as in the maps of the layer.
    """
    shape = (min(CELLS, problem.size[0]), min(CELLS, problem.size[1]))
    found = np.zeros((len(views.of), len(dictionary), *shape))
    for place, image in enumerate(views.of):
        inputs = problem.images(np.array([image])).clone().requires_grad_()
        with torch.enable_grad():
            maps, _rest = cut.encode(inputs)
            codes = differentiable(maps.mean(dim=(1, 2)), dictionary.bank)[0]
            for i in torch.nonzero(codes.detach() > 0)[:, 0].tolist():
                (slope,) = torch.autograd.grad(codes[i], inputs, retain_graph=True)
                found[place, i] = _cells(slope * inputs.detach(), shape, problem)
    return found


def _cells(product: Tensor, shape: tuple[int, int], problem: ConceptProblem) -> Floats:
    values = product.sum(dim=3 if problem.is_channels_last else 1)[None]
    scale = values[0, 0].numel() / (shape[0] * shape[1])
    summed = functional.adaptive_avg_pool2d(values, shape)[0, 0] * scale
    return np.asarray(torch.relu(summed).double().numpy())
