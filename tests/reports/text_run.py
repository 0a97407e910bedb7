"""A finished run of a text classifier in a folder, without a model: known numbers."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa

from tests.reports.fixtures import with_strategies
from xai.methods import catalogue
from xai.reports.results import STEPS, Results
from xai.runner import head_tables, unit_tables
from xai.runner.manifest import manifest
from xai.runner.merge import write_folder
from xai.vocabulary import MethodChoice, Recipe

KIND = "text-classification"
SENTENCES = (
    "a charming and often affecting journey",
    "unbelievably dull , and far too long",
    "it is <b>not</b> bad",
)
METHODS = {
    "shapley": ("Shapley values", "Shapley values", True),
    "integrated_gradients": ("Integrated gradients", "Gradient", True),
    "attention_last": ("Raw attention", "Attention", False),
    "random": ("Random values", "Control", True),
}
WALKER = {"reagent": ("ReAGent", "Perturbation", False)}
MODEL = {
    "kind": KIND, "format": "hf-text-classification", "architecture": "BERT, 2 layers, 128 wide",
    "problem": "classification", "outputs": ["negative", "positive"], "output": "probability",
    "features": [], "has_names": False, "capabilities": ["gradient", "attention"], "notes": [],
    "parameters": 1_450_000,
}  # fmt: skip
DATA = {
    "kind": "table", "format": "csv", "rows": 90, "notes": [],
    "columns": [{"name": "text", "kind": "category"}, {"name": "label", "kind": "category"}],
}  # fmt: skip


def write_text_run(folder, sentences=SENTENCES, methods=tuple(METHODS), heads=None):
    """Write the folders of a run and return its `Results`; samples are rows 0, 3, 6, …"""
    samples = [sample_of(sentence) for sentence in sentences]
    rows = np.arange(len(samples)) * 3
    folders = {"predictions": _predictions(folder / "predictions", samples, rows)}
    for seed, slug in enumerate(methods):
        folders[slug] = _method(folder / slug, slug, samples, rows, seed)
    if heads:
        folders["attention_heads"] = _heads(folder / "heads", samples[:2], rows[:2], **heads)
    folders |= with_strategies(folders, folder)
    recipe = Recipe(
        model="a" * 64, dataset="b" * 64, kind=KIND, text="text", label="label",
        methods=tuple(MethodChoice(slug, {}) for slug in methods),
    )  # fmt: skip
    described = manifest(
        recipe, {"name": "mood.zip", "size": 9, "facts": MODEL},
        {"name": "reviews.csv", "size": 9, "facts": DATA}, isolation="full", errors={},
    )  # fmt: skip
    return Results.gather(described, folders)


def sample_of(sentence):
    """Cut at spaces, long words in two; special tokens around."""
    tokens, words, spans, at = ["[CLS]"], [-1], [None], 0
    for place, word in enumerate(sentence.split(" ")):
        cuts = [word] if len(word) < 9 else [word[:5], word[5:]]
        for part in cuts:
            tokens.append(part)
            words.append(place)
            spans.append([at, at + len(part)])
            at += len(part)
        at += 1
    tokens, words, spans = [*tokens, "[SEP]"], [*words, -1], [*spans, None]
    special = [word < 0 for word in words]
    return {"text": sentence, "pair": None, "tokens": tokens, "words": words, "special": special,
            "spans": spans}  # fmt: skip


def facts_for(role, slug, seed):
    """Return what job.json says of a job."""
    title, family, signed = (METHODS | WALKER).get(slug) or _card(slug)
    key = hashlib.sha256(f"{role}{slug}{seed}".encode()).hexdigest()
    return {
        "role": role, "method": slug, "params": {}, "seed": 0, "key": key, "kind": KIND,
        "unit": "probability", "problem": "classification", "outputs": MODEL["outputs"],
        "libraries": {"python": "3.11"}, "warnings": [], "evaluations": 100, "seconds": 1.5,
        "names": [], "members": None, "notes": {}, "scope": "local", "title": title,
        "family": family, "is_signed": signed, "is_complete": slug == "shapley",
        "is_stochastic": slug in {"shapley", "random"}, "layout": "ragged", "per_sample": {},
    }  # fmt: skip


def _card(slug):
    card = catalogue.of(KIND).get(slug)
    return (card.title, card.family, card.is_signed) if card else ("", "", True)


def _predictions(folder, samples, rows):
    n = len(samples)
    share = np.linspace(0.9, 0.2, n)
    outputs = np.stack([1 - share, share], axis=1)
    arrays = {
        "rows": rows, "targets": outputs.argmax(axis=1), "outputs": outputs,
        "probabilities": outputs, "labels": np.arange(n) % 2,
    }  # fmt: skip
    facts = facts_for("predictions", "", 0) | {"columns": []}
    reply = {"outputs": MODEL["outputs"], "problem": "classification", "samples": samples}
    write_folder(folder, unit_tables.prediction_files([reply], arrays), facts)
    return folder


def _method(folder, slug, samples, rows, seed):
    draw = np.random.default_rng(seed)
    lengths = np.array([len(sample["tokens"]) for sample in samples])
    values = draw.normal(size=lengths.sum())
    facts = facts_for("method", slug, seed)
    arrays = {
        "rows": rows, "of": np.arange(len(rows)), "output": np.zeros(len(rows), int),
        "lengths": lengths, "shapes": np.stack([lengths, np.ones_like(lengths)], axis=1),
        "values": values if facts["is_signed"] else np.abs(values),
    }  # fmt: skip
    if slug == "shapley":
        arrays |= {"base": np.full(len(rows), 0.5), "error": np.full(len(values), 0.01)}
    reply = {"texts": [s["tokens"] for s in samples], "targets": ["positive"] * len(rows)}
    write_folder(folder, unit_tables.attribution_files(facts, [reply], arrays), facts)
    return folder


def _heads(folder, samples, rows, layers=2, heads=3, effect=True, *, attended=False):
    """Every head looks at one place; the last of each layer at all alike."""
    lengths = np.array([len(sample["tokens"]) for sample in samples])
    maps = [np.broadcast_to(np.eye(t), (layers, heads, t, t)).copy() for t in lengths]
    for one in maps:
        one[:, -1] = 1 / one.shape[-1]
    arrays = {
        "rows": rows, "lengths": lengths, "maps": np.concatenate([one.ravel() for one in maps]),
        "entropy": np.tile([0.0] * (heads - 1) + [1.0], len(rows) * layers),
        "alike": np.concatenate([[np.nan, *np.linspace(-1, 1, t - 2), np.nan] for t in lengths]),
    }  # fmt: skip
    if effect:
        arrays["effect"] = np.tile(np.arange(layers * heads) / 8, len(rows))
    if attended:  # the first label at the first word, the second at all alike
        each = [np.stack([np.eye(t)[1], np.full(t, 1 / t)]).ravel() for t in lengths]
        arrays["attended"] = np.concatenate(each)
    notes = {"layers": layers, "heads": heads, "left_out": 1, "has_effect": effect}
    reply = {"labels": ["positive"], "attending": MODEL["outputs"], "notes": notes}
    head_tables.check(arrays, reply)
    facts = facts_for("method", "attention_heads", 0) | {
        "scope": "heads", "layout": None, "notes": notes, "title": "Attention heads",
    }  # fmt: skip
    write_folder(folder, head_tables.files(reply, arrays), facts)
    return folder


def write_story_run(
    folder,
    written=("a", " red", " ball"),
    prompts=("once upon a time", "the dog"),
    slugs=("shapley", "attention_last"),
):
    """Write the folders of a run of a language model; every written token is explained."""
    samples = []
    for prompt in prompts:
        sample = sample_of(prompt)
        inner = len(sample["tokens"]) - 1  # no token that ends a text
        kept = {name: sample[name][:inner] for name in ("tokens", "words", "special", "spans")}
        for place, token in enumerate(written[:-1]):
            kept["tokens"].append(token)
            kept["words"].append(100 + place)
            kept["special"].append(False)
            kept["spans"].append(None)
        samples.append(kept | {
            "text": prompt, "pair": "", "outputs": list(written), "prompt_units": inner,
            "logprobs": [-0.5 * (i + 1) for i in range(len(written))],
        })  # fmt: skip
    rows, kind = np.arange(len(samples)), "text-generation"
    common = {"kind": kind, "unit": "log-probability", "problem": "generation"}
    facts = facts_for("predictions", "", 0) | common | {"outputs": ["continuation"], "columns": []}
    reply = {"outputs": ["continuation"], "problem": "generation", "samples": samples,
             "target_texts": ["".join(written)] * len(samples)}  # fmt: skip
    arrays = {"rows": rows, "targets": rows * 0, "outputs": np.full((len(rows), 1), -3.0)}
    tables = unit_tables.prediction_files([reply], arrays)
    folders = {"predictions": folder / "predictions"}
    write_folder(folders["predictions"], tables, facts)
    for seed, slug in enumerate(slugs):
        folders[slug] = _story(folder / slug, slug, samples, written, seed, common)
    folders |= with_strategies(folders, folder)
    recipe = Recipe(
        model="a" * 64, dataset="b" * 64, kind=kind, text="prompt", tokens=len(written),
        methods=tuple(MethodChoice(slug, {}) for slug in folders if slug not in STEPS),
    )  # fmt: skip
    described = manifest(
        recipe, {"name": "stories.zip", "size": 9, "facts": MODEL | common | {"outputs": []}},
        {"name": "prompts.jsonl", "size": 9, "facts": DATA}, isolation="full", errors={},
    )  # fmt: skip
    return Results.gather(described, folders)


def _story(folder, slug, samples, written, seed, common):
    draw, k = np.random.default_rng(seed), len(written)
    units = [len(sample["tokens"]) for sample in samples]
    lengths = np.repeat(units, k)
    values = draw.normal(size=lengths.sum())
    facts = facts_for("method", slug, seed) | common
    arrays = {
        "rows": np.repeat(np.arange(len(samples)), k), "of": np.repeat(np.arange(len(samples)), k),
        "output": np.tile(np.arange(k), len(samples)), "lengths": lengths,
        "shapes": np.stack([lengths, np.ones_like(lengths)], axis=1),
        "values": values if facts["is_signed"] else np.abs(values),
    }  # fmt: skip
    reply = {"texts": [s["tokens"] for s in samples], "targets": list(written) * len(samples)}
    files = unit_tables.attribution_files(facts, [reply], arrays)
    if slug == "reagent":
        reply |= {"per_sample": walks_of(units, k, draw)}
        facts |= {
            "params": {"probes": 16},
            "per_sample": reply["per_sample"],
            "notes": {
                "probes": 16,
                "variant": "published",
                "replacements": "Replaced tokens were drawn.",
            },
        }
        files |= unit_tables.walk_files(facts, [reply], arrays)
    write_folder(folder, files, facts)
    return folder


def walks_of(units, outputs, draw):
    """Return what ReAGent tells of each sample; of the last output no probe ever stopped."""
    contributions = [draw.normal(size=(outputs, count)).tolist() for count in units]
    return {
        "contributions": contributions,
        "contribution_errors": [np.full((outputs, count), 0.125).tolist() for count in units],
        "stopped": [[16] * (outputs - 1) + [0] for _ in units],
        "steps": [[3.0] * (outputs - 1) + [200.0] for _ in units],
        "placed": [1.0] * (len(units) - 1) + [0.5],
    }


def table_of(results, slug):
    """Return the attributions of a method as rows of plain values."""
    path = results.folders[slug] / "attributions.parquet"
    return pa.parquet.read_table(path).to_pylist()


def facts_of(results, slug):
    """Return what job.json says."""
    return json.loads((results.folders[slug] / "job.json").read_text())
