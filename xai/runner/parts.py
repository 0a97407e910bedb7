"""What comes out of the jail is checked before it counts: arrays without objects, known shapes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from xai.errors import XaiError
from xai.runner import head_tables
from xai.vocabulary import Json

_PER_ROW = {"rows", "targets", "base", "residual", "labels"}
_MATRICES = {"values", "error", "outputs", "inputs", "probabilities", "pairs", "pair_error"}
_MAY_BE_NAN = {"inputs", "labels", "error", "sobols", "scores", "deletion", "insertion"}
_MAY_BE_NAN |= {"alike", "entropy", "soft"}


def keep_part(reply: Json, made: Path, target: Path) -> Json:
    """Check the arrays in `made` against the child's reply and keep them as the folder `target`.

    Raises
    ------
    XaiError
        If an array is missing, of another shape or type, or holds NaN where none may be.
    """
    arrays = {name: _read(made, name) for name in reply["arrays"]}
    _check(arrays, reply)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        for name, array in arrays.items():
            np.save(fresh / f"{name}.npy", array, allow_pickle=False)
        (fresh / "part.json").write_text(json.dumps(reply))
        if target.exists():
            shutil.rmtree(target)
        os.replace(fresh, target)  # noqa: PTH105 - atomic, and the same call for folders
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return {"evaluations": int(reply["evaluations"]), "seconds": float(reply["seconds"])}


def read_part(folder: Path) -> tuple[Json, dict[str, np.ndarray]]:
    """Return the reply and the arrays of a kept part."""
    reply = json.loads((folder / "part.json").read_text())
    return reply, {name: _read(folder, name) for name in reply["arrays"]}


def _read(folder: Path, name: str) -> np.ndarray:
    if not name.isidentifier():
        raise XaiError("The model's process named a result that is not a name.")
    path = folder / f"{name}.npy"
    if path.is_symlink() or not path.is_file():
        raise XaiError(f"The model's process ended without the result {name!r}.")
    with path.open("rb") as file:
        array = np.load(file, allow_pickle=False)
    if array.dtype.kind not in "fi":
        raise XaiError(f"The result {name!r} is not made of numbers.")
    return np.asarray(array)


def _check(arrays: dict[str, np.ndarray], reply: Json) -> None:
    if reply.get("layout") == "analysis":
        return  # what puts the parts together checks them; a score may be undefined
    if reply.get("layout") == "ragged":
        _check_ragged(arrays, reply)
    elif reply.get("layout") == "concepts":
        _check_concepts(arrays, reply)
    elif reply.get("layout") == "heads":
        head_tables.check(arrays, reply)
    else:
        _check_matrices(arrays, reply)
    for name, array in arrays.items():
        if name not in _MAY_BE_NAN and not np.isfinite(array).all():
            raise XaiError(f"The method gave NaN or infinity in {name!r}, so it is not shown.")


def _check_ragged(arrays: dict[str, np.ndarray], reply: Json) -> None:
    """Explanations of differing length: their values one after another, cut by `lengths`."""
    count, lengths = len(arrays["rows"]), arrays["lengths"]
    for name in ("rows", "of", "output", "lengths", "base", "residual"):
        if name in arrays and arrays[name].shape != (count,):
            raise XaiError(f"The result {name!r} has shape {arrays[name].shape}, not ({count},).")
    for name in ("values", "error"):
        if name in arrays and arrays[name].shape != (int(lengths.sum()),):
            raise XaiError(f"The result {name!r} has {arrays[name].size} values, not those of all.")
    shapes, samples = arrays["shapes"], len(reply["texts"])
    if shapes.shape != (count, 2) or (shapes.prod(axis=1) != lengths).any():
        raise XaiError("The result 'shapes' does not fit the number of values.")
    if len(reply["targets"]) != count or (count and not 0 <= arrays["of"].max() < samples):
        raise XaiError("The method's names do not fit its explanations.")


def _check_concepts(arrays: dict[str, np.ndarray], reply: Json) -> None:
    """Pairs of a row and a concept: one number of each kind, and one map."""
    count, known = len(arrays["samples"]), [concept["id"] for concept in reply["concepts"]]
    for name in ("samples", "concepts", "coefficients", "importances", "sobols"):
        if arrays[name].shape != (count,):
            raise XaiError(f"The result {name!r} has shape {arrays[name].shape}, not ({count},).")
    if arrays["maps"].ndim != 3 or len(arrays["maps"]) != count:
        raise XaiError("The maps of the concepts do not fit their number.")
    if known != list(range(len(known))) or not np.isin(arrays["concepts"], known).all():
        raise XaiError("The method's concepts do not fit its explanations.")


def _check_matrices(arrays: dict[str, np.ndarray], reply: Json) -> None:
    rows = len(arrays["rows"]) if "rows" in arrays else None
    units = len(reply["names"])
    for name, array in arrays.items():
        if name in _PER_ROW and array.shape != (rows,):
            raise XaiError(f"The result {name!r} has shape {array.shape}, not ({rows},).")
        if name in _MATRICES and (array.ndim != 2 or len(array) != rows):
            raise XaiError(f"The result {name!r} has shape {array.shape}, not ({rows}, …).")
        if name in {"values", "error"} and array.shape[1] != units:
            raise XaiError(f"The result {name!r} has {array.shape[1]} units, not {units}.")
        if name in {"pairs", "pair_error"} and array.shape[1] != units * (units - 1) // 2:
            raise XaiError(f"The result {name!r} has {array.shape[1]} pairs of {units} units.")
