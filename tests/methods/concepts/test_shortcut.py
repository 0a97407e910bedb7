"""A planted shortcut: the graph of strategies isolates the mark's images and flags them."""

from __future__ import annotations

import numpy as np
import torch

from tests.methods.concepts.planted import pictures, problem
from xai.evaluation.strategies import strategies
from xai.methods.concepts.craft import Params, explain

MARK = 5


def test_images_decided_by_the_mark_are_a_cluster_of_their_own_and_flagged():
    honest, _masks, red = pictures(40, seed=5)
    marked, masks, green = pictures(30, (1,), marked=30, seed=6)
    images, labels = np.concatenate([honest, marked]), np.concatenate([red, green])
    given = problem(torch.from_numpy(images), labels=labels)
    assert (given.predicted == 0).sum() >= 45
    found = explain(given, Params(concepts=5, curves=False, split="none"))
    shown = [concept for concept in found.found if concept.target == "red things"]
    samples = np.unique(found.samples[found.concepts == shown[0].id])
    vectors = np.stack([found.importances[found.concepts == concept.id] for concept in shown], 1)
    right = (given.predicted == labels)[samples - 100].astype(float)
    graph = strategies(vectors, [concept.name for concept in shown], samples, right)
    flagged = [cluster for cluster in graph.clusters if cluster.is_flagged]
    assert len(flagged) == 1
    inside = samples[graph.cluster == flagged[0].id] - 100
    assert np.isin(inside, np.arange(40, 70)).mean() > 0.9
    mark = next(c for c in shown if c.name == flagged[0].units[0][0])
    for crop in mark.crops[:5]:
        assert masks[crop.sample - 140][MARK][crop.y : crop.y + 9, crop.x : crop.x + 9].any()
