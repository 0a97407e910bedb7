"""Text classifiers: what a shard of theirs computes, and whether model and data go together."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from xai.assets.labels import guess_label, label_codes, label_notes
from xai.assets.rows import choose
from xai.assets.tables import describe_table
from xai.assets.texts import Texts, guess_pair_column, guess_text_column, read_texts
from xai.errors import InvalidParameter, MissingColumn, XaiError
from xai.units import UnitProblem
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench import text_arena
from xai.workbench.arena import Arena
from xai.workbench.classifier import Classifier, open_classifier
from xai.workbench.explained import LOGIT, PROBABILITY, Explained
from xai.workbench.text_attention import WordAttention
from xai.workbench.text_gradients import WordGradients
from xai.workbench.text_heads import WordHeads
from xai.workbench.text_scores import KeptWords, predict, probabilities
from xai.workbench.tokenized import Tokenized, tokenized

Arrays = dict[str, np.ndarray]

TRIED = 32
"""Rows that `fit` reads as the model will."""


def fit(payload: Json) -> Json:
    """Say which columns hold texts and labels, and try the first texts.

    Raises
    ------
    MissingColumn
        If no column of texts is found.
    """
    path = Path(payload["dataset"])
    text, pair, label = (payload.get(name, "") for name in ("text", "pair", "label"))
    if not text:
        facts = describe_table(path)
        text = guess_text_column(facts)
        pair = pair or (guess_pair_column(facts, text) if text else "")
    if not text:
        raise MissingColumn(
            "The data has no column of texts. Name one with `--text`, or add a column `text`."
        )
    classifier, texts = open_classifier(payload["model"]), _read(payload["dataset"], text, pair)
    label = label or guess_label(
        texts.table.columns, (), classifier.outputs, has_names=False, matrix=texts.table.matrix
    )
    notes = [f"Texts are read from {text!r}" + (f" and {pair!r}." if pair else ".")]
    if label:
        notes += label_notes(texts.table, label, classifier.outputs, "classification")
    samples = [_tokenized(classifier, texts, row) for row in range(min(TRIED, len(texts)))]
    predict(classifier, samples)
    return {
        "notes": [*notes, *texts.notes, *_cautions(classifier, samples)],
        "label": label,
        "text": text,
        "pair": pair,
    }


def about(payload: Json, recipe: Recipe) -> Json:
    """Return what every result says of the model: unit, problem, outputs, and warnings."""
    return {
        "unit": recipe.score or PROBABILITY,
        "problem": "classification",
        "outputs": list(open_classifier(payload["model"]).outputs),
        "warnings": [],
    }


def predictions(
    payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Return what the model says of the chosen rows of a span, and how it reads them."""
    classifier, texts = open_classifier(payload["model"]), _texts(payload, recipe)
    rows = choose(recipe.rows, len(texts), recipe.seed)[slice(*span)]
    samples = [_tokenized(classifier, texts, int(row)) for row in rows]
    logits = _answers(classifier, samples)
    shares = probabilities(logits)
    progress(len(rows), len(rows))
    arrays: Arrays = {
        "rows": rows,
        "targets": _explained(classifier, logits, recipe).classes,
        "outputs": logits if recipe.score == LOGIT else shares,
        "probabilities": shares,
    }
    if recipe.label:
        codes = label_codes(texts.table, recipe.label, classifier.outputs, "classification")
        arrays["labels"] = codes[rows]
    return arrays, {
        "names": [],
        "columns": [],
        "samples": [sample.shown() for sample in samples],
        "evaluations": len(rows),
        "notes": {"cautions": _cautions(classifier, samples)},
    }


def pose(payload: Json, recipe: Recipe, seed: int, start: int, stop: int) -> UnitProblem:
    """Return the problem of explaining the predicted, or the named, class of a span of rows.

    Units are tokens, players words; special tokens stay.
    """
    classifier, texts = open_classifier(payload["model"]), _texts(payload, recipe)
    rows = choose(recipe.rows, len(texts), recipe.seed)[start:stop]
    samples = [_tokenized(classifier, texts, int(row)) for row in rows]
    explained = _explained(classifier, _answers(classifier, samples), recipe)
    return problem(classifier, samples, rows, explained, seed)


def arena(payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress) -> Arena:
    """Return where the methods are measured on the chosen texts of a span."""
    classifier, texts = open_classifier(payload["model"]), _texts(payload, recipe)
    posed = pose(payload, recipe, payload["job"]["seed"], *span)
    samples = [_tokenized(classifier, texts, int(row)) for row in posed.rows]
    explained = _explained(classifier, _answers(classifier, samples), recipe)

    def again(of: Integers) -> UnitProblem:
        some = [samples[i] for i in of]
        return problem(
            classifier,
            some,
            posed.rows[of],
            Explained(explained.classes[of], explained.unit),
            posed.seed,
        )

    return text_arena.arena(classifier, samples, explained, posed, again, progress)


def one(payload: Json, recipe: Recipe, row: int) -> tuple[Tokenized, UnitProblem, int]:
    """Return a single row of the dataset, the problem of explaining it, and the target.

    Raises
    ------
    InvalidParameter
        If there is no such row.
    """
    classifier, texts = open_classifier(payload["model"]), _texts(payload, recipe)
    if not 0 <= row < len(texts):
        raise InvalidParameter(f"There is no row {row}; the data has {len(texts)} rows.")
    sample = _tokenized(classifier, texts, row)
    explained = _explained(classifier, _answers(classifier, [sample]), recipe)
    posed = problem(classifier, [sample], np.array([row]), explained, recipe.seed)
    return sample, posed, int(explained.classes[0])


def problem(
    classifier: Classifier,
    samples: list[Tokenized],
    rows: Integers,
    explained: Explained,
    seed: int,
) -> UnitProblem:
    """Return the problem of explaining one class of each sample."""
    players = [sample.players for sample in samples]
    units = [np.where(s.special, -1, np.arange(len(s.ids))) for s in samples]
    gradients = WordGradients(classifier, samples, explained)
    return UnitProblem(
        rows=rows,
        names=tuple(sample.pieces for sample in samples),
        shapes=tuple((len(sample.ids),) for sample in samples),
        players=tuple(players),
        outputs=tuple((classifier.outputs[target],) for target in explained.classes),
        score=KeptWords(classifier, samples, players, explained),
        inner=KeptWords(classifier, samples, units, explained),
        seed=seed,
        gradients=gradients,
        attention=WordAttention(classifier, samples, explained),
        extras={
            "heads": WordHeads(classifier, samples, explained),
            "mean_slopes": gradients.mean_slopes,
        },
    )


def _texts(payload: Json, recipe: Recipe) -> Texts:
    return _read(payload["dataset"], recipe.text, recipe.pair)


@lru_cache(maxsize=2)
def _read(path: str, text: str, pair: str) -> Texts:
    return read_texts(Path(path), text, pair)


def _tokenized(classifier: Classifier, texts: Texts, row: int) -> Tokenized:
    pair = None if texts.pairs is None else texts.pairs[row]
    return tokenized(classifier.tokenizer, classifier.most, texts.texts[row], pair)


def _answers(classifier: Classifier, samples: list[Tokenized]) -> Floats:
    logits = predict(classifier, samples)
    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        raise XaiError(
            f"The model answers with NaN or infinity for {bad.sum()} of {len(samples)} texts, so "
            "nothing can be explained there. Check the model on this data."
        )
    return logits


def _explained(classifier: Classifier, logits: Floats, recipe: Recipe) -> Explained:
    """Return the named class, or the predicted one of each text, and the unit of its score."""
    names, unit = classifier.outputs, recipe.score or PROBABILITY
    if not recipe.target:
        return Explained(np.asarray(logits.argmax(axis=1), dtype=np.int64), unit)
    if recipe.target not in names:
        raise InvalidParameter(
            f"The model has no class {recipe.target!r}; it has: {', '.join(names[:20])}."
        )
    return Explained(np.full(len(logits), names.index(recipe.target), dtype=np.int64), unit)


def _cautions(classifier: Classifier, samples: list[Tokenized]) -> list[str]:
    found = [f"A word that is left out is replaced by {classifier.blank_name}."]
    cut = sum(sample.cut for sample in samples)
    if cut:
        found.append(
            f"{cut} of {len(samples)} texts are longer than the {classifier.most} tokens that the "
            "model reads; their ends were left out, by the model as well."
        )
    return found
