"""The arena of texts: words taken away, and what stands in for them, up to three ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.methods import catalogue
from xai.units import Bools, Kept, UnitProblem
from xai.vocabulary import Floats, Integers, Json, Progress
from xai.workbench import changed
from xai.workbench.again import Again, Changed, Pose
from xai.workbench.arena import Arena, Change, Counted, CountedSoft, SoftArena
from xai.workbench.classifier import Classifier
from xai.workbench.explained import PROBABILITY, Explained
from xai.workbench.text_soft import SoftWords
from xai.workbench.tokenized import Tokenized

_TOKENS = {
    "pad": "the padding token",
    "unk": "the token for unknown words",
    "sep": "the separating token",
    "eos": "the token that ends a text",
}


class Without:
    """Score of the target of each sample without some words; see `xai.units.Kept`.

    Parameters
    ----------
    fill : int or None
        The token that stands in for every removed one; None: the text becomes shorter.
    """

    def __init__(
        self,
        classifier: Classifier,
        samples: Sequence[Tokenized],
        explained: Explained,
        fill: int | None = None,
    ) -> None:
        self._classifier, self._samples = classifier, samples
        self._explained, self._fill = explained, fill
        self._players = [sample.players for sample in samples]

    @torch.inference_mode()
    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores (m, 1)."""
        rest = [self._rest(row, int(i)) for row, i in zip(kept, of, strict=True)]
        sizes = np.array([len(ids) for ids, _ in rest], dtype=np.int64)
        found = np.full((len(of), 1), np.nan)
        for rows in self._classifier.batches(sizes):
            ids = np.full((len(rows), int(sizes[rows].max())), self._classifier.blank)
            types = np.zeros_like(ids)
            for at, row in enumerate(rows):
                ids[at, : sizes[row]], types[at, : sizes[row]] = rest[row]
            logits = self._classifier.logits(
                torch.from_numpy(ids), sizes[rows], torch.from_numpy(types)
            )
            found[rows, 0] = self._explained.scores(logits.double(), of[rows]).numpy()
        return found

    def _rest(self, kept: Bools, sample: int) -> tuple[Integers, Integers]:
        """Return the token numbers and types that are left of a sample."""
        one, players = self._samples[sample], self._players[sample]
        stays = (players < 0) | kept[np.maximum(players, 0)]
        if self._fill is not None:
            return np.where(stays, one.ids, self._fill), one.types
        if not stays.any():  # a text of no token at all cannot be read
            return np.array([self._classifier.blank]), np.zeros(1, dtype=np.int64)
        return one.ids[stays], one.types[stays]


def arena(
    classifier: Classifier,
    samples: Sequence[Tokenized],
    explained: Explained,
    problem: UnitProblem,
    pose: Callable[[Integers], UnitProblem],
    watch: Progress,
) -> Arena:
    """Return the arena of the texts of a problem; `pose` poses it again for some of them."""
    scores: list[tuple[Baseline, Kept]] = [
        (Baseline("blank", "Blank", f"In place of each token stands {classifier.blank_name}."),
         problem.score),
        (Baseline("left-out", "Left out", "The words are left out, the text becomes shorter."),
         Without(classifier, samples, explained)),
    ]  # fmt: skip
    if found := _another(classifier):
        token, words = found
        baseline = Baseline("token", "Another token", f"In place of each token stands {words}.")
        scores.append((baseline, Without(classifier, samples, explained, token)))
    counted = [(baseline, Counted(score, watch)) for baseline, score in scores]
    again = Again(catalogue.TEXT, _changed(classifier, pose, problem.seed), watch)
    access = CountedSoft(SoftWords(classifier, samples, explained.classes), watch)
    soft = SoftArena(access, tuple(np.array([len(one.ids)]) for one in samples))
    return Arena(
        rows=problem.rows,
        players=problem.players,
        shapes=problem.shapes,
        scores=tuple(counted),
        spent=lambda: again.done + access.done + sum(score.done for _, score in counted),
        is_probability=explained.unit == PROBABILITY,
        retold=again,
        soft=soft if classifier.takes_embeddings else None,
    )


def _changed(classifier: Classifier, pose: Callable[[Integers], UnitProblem], seed: int) -> Changed:
    def posed(of: Integers, _params: Mapping[str, Json]) -> UnitProblem:
        return pose(of)

    @contextmanager
    def change(how: Change, draw: int) -> Iterator[Pose]:
        key = 1000 * seed + draw
        with (
            changed.redrawn(classifier.network, key)
            if how == "redrawn"
            else changed.moved(classifier.embed, key)
        ):
            yield posed

    return change


def _another(classifier: Classifier) -> tuple[int, str] | None:
    """Return a token that says little and is not the blank, with its name, if there is one."""
    for name, words in _TOKENS.items():
        token = getattr(classifier.tokenizer, f"{name}_token_id")
        if token is not None and int(token) != classifier.blank:
            return int(token), f"{words} {classifier.tokenizer.convert_ids_to_tokens(token)}"
    return None
