"""A jailed child that holds one model and one dataset, and computes shard after shard of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np

from xai.jail import Child, Limits
from xai.jail.policy import COMPILED
from xai.runner import compiled
from xai.runner.faithfulness import Given
from xai.runner.parts import keep_part
from xai.vocabulary import Json, Progress, Recipe

HANDLER = "xai.workbench"
# A zipped model is unpacked into the child's room, so files may be as large as in a run.
INSPECTION = Limits(memory_mb=4096, cpu_s=120)
INSPECTION_SECONDS = 60.0
MAKING_SECONDS = 600.0
"""For an example, which trains a model: under 20 seconds on a core of its own, and few have one."""
SHARD_SECONDS_MOST = 1800.0

Poll = Callable[[], None]


def inspect(path: Path, name: str, purpose: str, scratch: Path) -> Json:
    """Return the facts of an uploaded file, found in a jailed child of its own.

    Parameters
    ----------
    purpose : str
        "model" or "dataset".

    Raises
    ------
    RefusedFile
        If the file is not opened, with the reason and the way to convert.
    LimitExceeded, ModelCrashed
        If opening it does not end, eats memory or kills the child.
    """
    with _room(scratch) as room, Child(HANDLER, [path], room, INSPECTION) as child:
        payload = {"path": str(path.resolve()), "name": name}
        return child.ask(f"inspect_{purpose}", payload, wall_s=INSPECTION_SECONDS)


def fit(model: Path, form: str, dataset: Path, scratch: Path, **choices: Json) -> Json:
    """Say whether a model runs on a dataset: {"notes": [...], "label": "..."}.

    Parameters
    ----------
    choices
        `kind` of the model, and the columns that a person named: label, features, text, pair,
        continuation.

    Raises
    ------
    MissingColumn, RefusedFile
        If it does not, with the column named.
    """
    with _room(scratch) as room, Child(HANDLER, [model, dataset], room, INSPECTION) as child:
        payload = {
            "model": str(model.resolve()),
            "format": form,
            "dataset": str(dataset.resolve()),
            **choices,
        }
        return child.ask("fit", payload, wall_s=INSPECTION_SECONDS)


def able(scratch: Path) -> Json:
    """Return which formats open and which devices compute, tried in a jailed child."""
    with _room(scratch) as room, Child(HANDLER, [], room, INSPECTION) as child:
        return child.ask("able", {}, wall_s=INSPECTION_SECONDS)


def make_example(example: str, purpose: str, name: str, scratch: Path) -> Path:
    """Make the model or the dataset of an example in a jailed child; return the file."""
    with _room(scratch) as room, Child(HANDLER, [], room, INSPECTION) as child:
        payload = {"example": example, "purpose": purpose, "out": str(room / name)}
        child.ask("example", payload, wall_s=MAKING_SECONDS)
        return (room / name).replace(scratch / name)


class Session:
    """One jailed child per model and dataset; loads them once, serves until closed."""

    def __init__(  # noqa: PLR0913 - a child is started with all that it may read
        self,
        model: Path,
        form: str,
        dataset: Path,
        *,
        scratch: Path,
        replacer: Path | None = None,
        limits: Limits | None = None,
        threads: int = 1,
        external: Path | None = None,
        code: Path | None = None,
    ) -> None:
        """Start nothing yet: the child starts with the first shard.

        `code` is where compiled code is kept; None where a model has no trees to need it.
        """
        self._kept_code = code
        self._replacer = None if replacer is None else replacer.resolve()
        self._model, self._form, self._dataset = model.resolve(), form, dataset.resolve()
        self._external = external.resolve() if external else None
        self._scratch, self._threads = scratch, threads
        self._limits = limits or Limits()
        self._child: Child | None = None
        self._room: Path | None = None

    def compute(  # noqa: PLR0913 - a shard is said in full, never half
        self,
        recipe: Recipe,
        job: Json,
        start: int,
        stop: int,
        target: Path,
        *,
        given: Given | None = None,
        on_progress: Progress | None = None,
        poll: Poll | None = None,
        wall_s: float = SHARD_SECONDS_MOST,
    ) -> Json:
        """Compute one shard, check what came out, and keep it as the folder `target`.

        Parameters
        ----------
        given : Given or None
            Results that the shard builds on; the child reads them from its room.

        Returns
        -------
        dict
            {"evaluations": int, "seconds": float}. `target` is whole, or absent on any error.

        Raises
        ------
        XaiError
            As the child says, in a sentence; the session stays usable.
        """
        child = self._running(poll)
        out = Path(tempfile.mkdtemp(prefix="shard-", dir=self._room))
        payload = {
            "model": str(self._model),
            "format": self._form,
            "dataset": str(self._dataset),
            "external": str(self._external or ""),
            "recipe": recipe.as_json(),
            "job": job,
            "start": start,
            "stop": stop,
            "out": str(out.resolve()),
        }
        if self._replacer is not None:
            payload["replacer"] = str(self._replacer)
        try:
            if given is not None:
                payload["given"] = _give(given, out)
            reply = child.ask("shard", payload, wall_s=wall_s, on_progress=on_progress, poll=poll)
            return keep_part(reply, out, target)
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def close(self) -> None:
        """Kill the child, if there is one, and remove what it left."""
        if self._child is not None:
            self._child.close()
            self._child = None
        if self._room is not None:
            shutil.rmtree(self._room, ignore_errors=True)
            self._room = None

    def _running(self, poll: Poll | None = None) -> Child:
        if self._child is None or not self._child.alive:
            self.close()
            code = self._code(poll)
            self._room = _new_room(self._scratch)
            if code is not None:
                # Before the child lives: later it could have put a link in the way.
                compiled.give(code, self._room / COMPILED)
            self._child = Child(
                HANDLER,
                [self._model, self._dataset, *filter(None, [self._external, self._replacer])],
                self._room,
                self._limits,
                threads=self._threads,
            )
        return self._child

    def _code(self, poll: Poll | None) -> Path | None:
        if self._kept_code is None:
            return None
        with _room(self._scratch) as room:
            return compiled.ready(self._kept_code, room, poll=poll)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _give(given: Given, out: Path) -> Json:
    """Write arrays where the child may read them; the folder goes with the shard's."""
    folder = out / "given"
    folder.mkdir()
    for name, array in given.arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return {
        "folder": str(folder.resolve()),
        "contestants": list(given.contestants),
        "arrays": sorted(given.arrays),
    }


@contextmanager
def _room(scratch: Path) -> Iterator[Path]:
    """Give a folder to one child alone; whatever a child that dies leaves there goes with it."""
    room = _new_room(scratch)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _new_room(scratch: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="room-", dir=scratch)).resolve()
