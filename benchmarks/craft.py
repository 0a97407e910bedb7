"""CRAFT: ours beside the released `craft-xai` package, same model, images, concepts and crops.

Run with one thread: OMP_NUM_THREADS=1 python benchmarks/craft.py MODEL IMAGES [count]
MODEL is a Hugging Face folder of an image classifier, IMAGES a folder of pictures of one class.
The package is not a dependency: `pip install craft-xai --no-deps --target FOLDER` and put FOLDER on
PYTHONPATH; it imports TensorFlow without using it here, so an empty module stands in.
Time: CPU seconds of the whole, once each, in turn. Limit: the encoder alone on as many images.
"""

from __future__ import annotations

import importlib.machinery
import sys
import time
import types
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from xai.methods.concepts import faithfulness, quality
from xai.methods.concepts.craft import Params, explain
from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import probe
from xai.methods.concepts.network_cuts import network_cuts
from xai.methods.concepts.quick import quicken
from xai.methods.concepts.score import ConceptScore
from xai.methods.concepts.sobol import totals
from xai.methods.concepts.words import ConceptProblem

CONCEPTS, PATCH, POINTS, BATCH = 10, 64, 32, 16


def main():
    folder, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 24
    torch.set_num_threads(1)
    network = load(folder)
    images = read(folder, pictures, count)

    def forward(inputs):
        return network(pixel_values=inputs).logits

    with torch.no_grad():
        predicted = torch.cat([forward(part).argmax(1) for part in images.split(BATCH)]).numpy()
    target = int(np.bincount(predicted).argmax())
    images = images[torch.from_numpy(predicted == target)]
    problem = ConceptProblem(
        rows=np.arange(len(images)), images=lambda of: images[torch.from_numpy(of)],
        size=tuple(images.shape[2:]), predicted=np.full(len(images), target),
        outputs=tuple(network.config.id2label[i] for i in range(network.config.num_labels)),
        cuts=lambda two: network_cuts(network, forward, two), batch=BATCH,
    )  # fmt: skip
    cut = problem.cuts(images[:2])[-1]
    print(f"{folder.name}, {len(images)} images of {problem.outputs[target]!r}, layer {cut.name}")
    limit(cut, images)
    theirs, spent = peer(cut, images, target)
    print(f"{'craft-xai':28s}{spent:8.1f} s")
    params = Params(
        CONCEPTS, layer=1, maps="coefficients", split="none", curves=False, patch=PATCH / 224,
        points=POINTS,
    )  # fmt: skip
    for name, choice in (
        ("ours, the very same crops", replace(params, bank="crops", parity=True)),
        ("ours, positions", params),
    ):
        began = time.process_time()
        found = explain(problem, choice)
        own = time.process_time() - began
        facts = found.notes["classes"][0]
        print(
            f"{name:28s}{own:8.1f} s   × {spent / own:.1f}   logit error "
            f"{facts['logit_error']:.3f}, rebuilt within {facts['reconstruction_error']:.3f}"
        )
        weighed(found)
    same_indices(cut, images, target, theirs)


def load(folder):
    from transformers import AutoModelForImageClassification

    return AutoModelForImageClassification.from_pretrained(folder).eval().requires_grad_(False)


def read(folder, pictures, count):
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(folder)
    paths = sorted(path for path in pictures.iterdir() if path.is_file())[:count]
    shown = [Image.open(path).convert("RGB") for path in paths]
    return torch.cat([processor(one, return_tensors="pt")["pixel_values"] for one in shown])


@torch.no_grad()
def limit(cut, images):
    """Print what the encoder alone costs per image, as the network is and as we run it."""
    for name, one in (("network", cut), ("as we run it", quicken(cut, images[:2], 10**6))):
        one.encode(images[:BATCH])
        began = time.process_time()
        one.encode(images[:BATCH])
        spent = (time.process_time() - began) / len(images[:BATCH])
        print(f"encoder alone, {name}: {1e3 * spent:.1f} ms per image")


def peer(cut, images, target):
    """Fit the released package, estimate importance and compute the maps of all images."""
    stand_in = types.ModuleType("tensorflow")
    stand_in.__spec__ = importlib.machinery.ModuleSpec("tensorflow", None)
    sys.modules.setdefault("tensorflow", stand_in)
    # This file bears the package's name.
    here = Path(__file__).resolve().parent
    sys.path = [path for path in sys.path if Path(path).resolve() != here]
    from craft.craft_torch import Craft

    nothing = torch.zeros((1, 0, cut.channels))

    def encode(inputs):
        return cut.encode(inputs)[0].permute(0, 3, 1, 2)

    def head(maps):
        return cut.head(maps.permute(0, 2, 3, 1), nothing.expand(len(maps), -1, -1))

    made = Craft(encode, head, CONCEPTS, batch_size=64, patch_size=PATCH, device="cpu")
    began = time.process_time()
    made.fit(images)
    importance = made.estimate_importance(images, target, nb_design=POINTS)
    made.transform(images)
    return (made, importance), time.process_time() - began


def weighed(found):
    """Print the measured faithfulness of the concepts found."""
    facts = found.notes["classes"][0]
    print(
        f"{'':28s}deletion {facts['deletion']:.3f}, insertion {facts['insertion']:.3f}, "
        f"stability {facts['quality']['stability']:.3f}"
    )


@torch.no_grad()
def same_indices(cut, images, target, theirs):
    """Print how far our parity indices are from the package's, on its own concepts."""
    made, importance = theirs
    maps = torch.cat([cut.encode(part)[0] for part in images.split(BATCH)])
    codes = torch.from_numpy(made.transform(images)).float()
    dictionary = Dictionary("nmf", torch.from_numpy(made.W))
    rest = torch.zeros((len(images), 0, cut.channels))
    head = probe(cut, maps, rest)
    score = ConceptScore(head, dictionary, codes, rest, torch.full((len(images),), target))
    ours = totals(score, POINTS, 0, parity=True).joint().numpy()
    far = np.abs(ours - importance).max() / np.abs(importance).max()
    print(f"indices on the package's own concepts: largest relative difference {far:.1e}")
    deletion, insertion = faithfulness.curves(score, score.gradient())
    error = quality.logit_error(
        head, maps, rest, dictionary.decode(codes), torch.full((len(images),), target)
    )
    print(
        f"craft-xai's concepts: logit error {error:.3f}, rebuilt within "
        f"{quality.relative_error(maps, dictionary.decode(codes)):.3f}, "
        f"deletion {deletion:.3f}, insertion {insertion:.3f}"
    )
    exact = totals(score, POINTS, 0).joint().numpy()
    sampled = np.asarray(importance)
    wrong = np.abs(sampled - exact).sum() / exact.sum()
    print(f"the package's design against the closed form: sum {sampled.sum():.2f} for "
          f"{exact.sum():.2f}, relative error {wrong:.2f}")  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
