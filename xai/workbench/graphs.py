"""Open an ONNX image classifier for the first time: its layout, its size, how fast it is."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from xai.assets.onnx_pictures import PictureGraph, load_pictures, takes_pictures
from xai.vocabulary import Json

__all__ = ["inspect_graph", "takes_pictures"]

BATCHES = (1, 8, 32)
TRIAL_SECONDS = 0.3
SLOW_SECONDS = 4.0
"""What one batch may take."""


def inspect_graph(path: Path, form: str) -> Json:
    """Load an ONNX image classifier, run it on noise, and return its facts.

    Returns
    -------
    dict
        As `networks.inspect_folder`, with `layout` "NCHW" or "NHWC" and, where the file does not
        say how pictures are prepared, `is_guess` and a note of what was assumed.

    Raises
    ------
    RefusedFile
        If it cannot be opened.
    """
    graph = load_pictures(path, form)
    return {
        "kind": "image-classification",
        "format": form,
        "architecture": graph.architecture,
        "problem": "classification",
        "outputs": list(graph.outputs),
        "output": "probability",
        "features": [],
        "has_names": False,
        "capabilities": ["probability", "layers"],
        "parameters": graph.parameters,
        "trees": None,
        "max_tokens": None,
        "vocabulary": None,
        "image_size": [graph.height, graph.width],
        "layout": "NHWC" if graph.is_channels_last else "NCHW",
        "is_guess": graph.settings.is_guess,
        "notes": list(graph.notes),
        "speed": _speed(graph),
    }


def _speed(graph: PictureGraph) -> list[Json]:
    """Return pictures per second at rising batch sizes, until the next would take long."""
    draw, found, each = np.random.default_rng(0), [], 0.0
    for batch in BATCHES:
        if each * batch > SLOW_SECONDS:
            break
        pixels = draw.normal(size=(batch, 3, graph.height, graph.width)).astype(np.float32)
        spent, calls, began = 0.0, 0, time.perf_counter()
        while spent < TRIAL_SECONDS:
            graph.scores(pixels)
            calls += 1
            spent = time.perf_counter() - began
        each = spent / (calls * batch)
        found.append({"rows": batch, "per_second": round(1 / each, 1)})
    return found
