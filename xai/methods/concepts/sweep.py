"""How many concepts: what is lost of the decision and how stable the concepts are, by their number.

Source: our own; read it as an elbow: more concepts lose less, and at some point become arbitrary.
Cost: one forward pass of the head per image and number; no pass of the encoder.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from xai.methods.concepts import dictionaries, quality
from xai.methods.concepts.head import Head
from xai.methods.concepts.views import Views
from xai.vocabulary import Json

NUMBERS = (2, 5, 10, 15, 20, 25)
ROWS_MOST = 1_200
IMAGES_MOST = 24


def sweep(
    kind: str, activations: Tensor, head: Head, views: Views, targets: Tensor, seed: int
) -> list[dict[str, Json]]:
    """Return logit error, reconstruction error and stability for several numbers of concepts.

    Parameters
    ----------
    activations : Tensor of shape (m, c)
        What the dictionary is found in; at most 1,200 rows are used.
    targets : Tensor of shape (n,)
        The explained class of each image of the views.
    """
    draw = torch.Generator().manual_seed(seed)
    rows = activations[torch.randperm(len(activations), generator=draw)[:ROWS_MOST]]
    some = views[np.arange(min(IMAGES_MOST, len(views.of)))]
    found = []
    for count in NUMBERS:
        if count > min(len(rows) // 2, rows.shape[1]):
            break
        dictionary, codes = dictionaries.fit(kind, rows, count, seed)
        rebuilt = dictionary.decode(dictionary.encode(some.maps))
        stability = quality.stability(kind, rows, count, seed, halvings=1)
        error = quality.logit_error(head, some.maps, some.rest, rebuilt, targets[: len(some.of)])
        found.append(
            {
                "concepts": count,
                "logit_error": None if np.isnan(error) else error,
                "error": quality.relative_error(rows, dictionary.decode(codes)),
                "stability": None if np.isnan(stability) else stability,
            }
        )
    return found
