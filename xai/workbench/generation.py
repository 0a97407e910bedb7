"""Language models: what a shard of theirs computes, and whether model and data go together."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from xai.assets.rows import choose
from xai.assets.tables import describe_table
from xai.assets.texts import (
    Texts,
    guess_continuation_column,
    guess_prompt_column,
    read_texts,
)
from xai.errors import MissingColumn
from xai.units import UnitProblem
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench import language_arena
from xai.workbench.arena import Arena
from xai.workbench.continued import Continued, Writing, continued
from xai.workbench.language import Language, open_language
from xai.workbench.language_lender import open_lender
from xai.workbench.language_problem import problem
from xai.workbench.language_scores import LanguageTokens, Sources
from xai.workbench.token_classes import learn

Arrays = dict[str, np.ndarray]

COUNTED_ROWS = 5_000
"""Rows of the dataset of which tokens are counted."""


def fit(payload: Json) -> Json:
    """Say which columns hold prompts and continuations, and try the first prompt.

    Raises
    ------
    MissingColumn
        If no column of texts is found.
    """
    path = Path(payload["dataset"])
    text, continuation = payload.get("text", ""), payload.get("continuation", "")
    if not text:
        facts = describe_table(path)
        text = guess_prompt_column(facts)
        continuation = continuation or guess_continuation_column(facts, text)
    if not text:
        raise MissingColumn(
            "The data has no column of prompts. Name one with `--text`, or add a column `prompt`."
        )
    recipe = Recipe("", "", (), rows="first:1", text=text, continuation=continuation, tokens=1)
    _samples(payload, recipe, np.zeros(1, dtype=np.int64))
    read_from = f"continuations from {continuation!r}" if continuation else "the model continues"
    return {
        "notes": [
            f"Prompts are read from {text!r}; {read_from}.",
        ],
        "label": "",
        "text": text,
        "pair": "",
        "continuation": continuation,
    }


def about(payload: Json, recipe: Recipe) -> Json:
    """Return what every result says of the model: unit, problem, outputs, and warnings."""
    return {
        "unit": "log-probability",
        "problem": "generation",
        "outputs": ["continuation"],
        # Without its methods, whose parameters cannot be a key of what is kept.
        "warnings": _cautions(payload["model"], payload["dataset"], replace(recipe, methods=())),
    }


def predictions(
    payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Return the continuations of the chosen rows of a span and how likely the model finds them.

    The one output is the log-probability of the whole continuation: the sum over its tokens.
    """
    rows = _chosen(payload, recipe)[slice(*span)]
    samples = _samples(payload, recipe, rows, progress)
    language = open_language(payload["model"])
    logs = _logs(language, samples)
    total = np.array([[one.sum()] for one in logs]).reshape(len(rows), 1)
    return {
        "rows": rows,
        "targets": np.zeros(len(rows), dtype=np.int64),
        "outputs": total,
        "probabilities": np.exp(total),
    }, {
        "names": [],
        "columns": [],
        "samples": [_shown(one, log) for one, log in zip(samples, logs, strict=True)],
        "target_texts": ["".join(one.pieces[one.prompt :]) for one in samples],
        "evaluations": len(rows),
        "notes": {},
    }


def pose(payload: Json, recipe: Recipe, seed: int, start: int, stop: int) -> UnitProblem:
    """Return the problem of explaining every token of the continuations of a span of rows.

    Units are the tokens before the last one: the prompt, and outputs that later ones may rest on.
    A token is a player; special tokens stay.
    """
    rows = _chosen(payload, recipe)[start:stop]
    samples = _samples(payload, recipe, rows)
    language = open_language(payload["model"])
    texts = _tokens(payload["model"], payload["dataset"], recipe.text, recipe.continuation)
    counts = np.bincount(np.concatenate([[], *texts]).astype(np.int64), minlength=language.size)
    frequencies = np.where(language.ordinary, counts, 0).astype(np.float64)
    replacer = payload.get("replacer", "")
    sources = Sources(
        classes=partial(learn, texts, language.size),
        lender=partial(open_lender, replacer) if replacer else None,
    )
    return problem(language, samples, rows, seed, frequencies, sources)


def arena(payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress) -> Arena:
    """Return where the methods are measured on the chosen prompts of a span."""
    posed = pose(payload, recipe, payload["job"]["seed"], *span)
    can_hide = open_language(payload["model"]).can_hide
    return language_arena.arena(posed, progress, can_hide=can_hide)


def _chosen(payload: Json, recipe: Recipe) -> Integers:
    return choose(recipe.rows, len(_texts(payload, recipe)), recipe.seed)


def _texts(payload: Json, recipe: Recipe) -> Texts:
    return _read(payload["dataset"], recipe.text, recipe.continuation)


@lru_cache(maxsize=2)
def _read(path: str, text: str, continuation: str) -> Texts:
    return read_texts(Path(path), text, continuation)


_kept: dict[tuple[str, ...], dict[int, Continued]] = {}
"""Continuations of the last recipe, by row: written once, explained by many methods."""


def _samples(
    payload: Json, recipe: Recipe, rows: Integers, progress: Progress | None = None
) -> list[Continued]:
    key = (payload["model"], payload["dataset"], repr(recipe.as_json()))
    if key not in _kept:
        _kept.clear()
        _kept[key] = {}
    known = _kept[key]
    language = open_language(payload["model"])
    texts = _texts(payload, recipe)
    writing = Writing(recipe.tokens, recipe.temperature, recipe.seed)
    for done, row in enumerate(rows.tolist()):
        if row not in known:
            given = None if texts.pairs is None else texts.pairs[row]
            known[row] = continued(language, texts.texts[row], given, writing, row)
        if progress is not None:
            progress(done + 1, len(rows))
    return [known[row] for row in rows.tolist()]


@lru_cache(maxsize=2)
def _cautions(model: str, dataset: str, recipe: Recipe) -> list[str]:
    """Say how many of the chosen prompts lose their beginnings: the same for every shard."""
    language, texts = open_language(model), _read(dataset, recipe.text, recipe.continuation).texts
    rows = choose(recipe.rows, len(texts), recipe.seed)
    lengths = map(len, language.tokenizer([texts[row] for row in rows])["input_ids"])
    cut = sum(length > language.most - recipe.tokens for length in lengths)
    if not cut:
        return []
    return [
        f"{cut:,} of {len(rows):,} prompts are longer than the {language.most} tokens that the "
        f"model can read, {recipe.tokens} written ones among them; their beginnings are left out."
    ]


@lru_cache(maxsize=1)
def _tokens(model: str, dataset: str, text: str, continuation: str) -> list[list[int]]:
    """Return the tokens of the texts of the dataset: what can stand in for others is counted."""
    texts = _read(dataset, text, continuation)
    written = [*texts.texts[:COUNTED_ROWS], *(texts.pairs or ())[:COUNTED_ROWS]]
    found: list[list[int]] = open_language(model).tokenizer(written)["input_ids"]
    return found


def _logs(language: Language, samples: list[Continued]) -> list[Floats]:
    """Return the log-probability of every token of the continuations, shape (k,) each."""
    access = LanguageTokens(language, samples, np.zeros(0))
    found = []
    for sample in samples:
        places = (sample.causes - 1)[None]
        found.append(access.read(sample.ids[None], places, sample.ids[sample.causes][None])[0][0])
    return found


def _shown(sample: Continued, logs: Floats) -> Json:
    units = slice(0, -1)
    return {
        "text": sample.text,
        "pair": "",
        "tokens": list(sample.pieces[units]),
        "words": sample.words[units].tolist(),
        "special": sample.special[units].tolist(),
        "spans": [list(span) for span in sample.spans[units]],
        "outputs": list(sample.pieces[sample.prompt :]),
        "output_words": sample.words[sample.prompt :].tolist(),
        "logprobs": [round(float(log), 6) for log in logs],
        "prompt_units": sample.prompt,
        "cut": sample.cut,
    }
