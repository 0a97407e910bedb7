"""The example that runs without any upload: data that ships with scikit-learn, a model of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xai.errors import InvalidParameter
from xai.vocabulary import Json, Progress

TREES = 100
LABEL = "diagnosis"


def make(payload: Json, _progress: Progress) -> Json:
    """Write the model or the dataset of an example to the file `out`, seeded.

    The forest learns from 70 % of the rows; the dataset holds the other 30 %, with the truth.
    """
    write = _WRITERS.get((payload["example"], payload["purpose"]))
    if write is None:
        raise InvalidParameter(f"There is no example {payload['example']!r}.")
    write(Path(payload["out"]))
    return None


def _split() -> tuple[Json, Json, Json, Json]:
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415 - heavy
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    bunch = load_breast_cancer(as_frame=True)
    truth = bunch.target.map(dict(enumerate(bunch.target_names)))
    parts = train_test_split(bunch.data, truth, test_size=0.3, random_state=0, stratify=truth)
    return tuple(parts)


def _write_model(path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415
    from skops.io import dump  # noqa: PLC0415 - heavy

    inputs, _, truth, _ = _split()
    forest = RandomForestClassifier(TREES, max_depth=8, min_samples_leaf=3, random_state=0)
    dump(forest.fit(inputs, truth.astype(str).to_numpy(dtype="U10")), path)


def _write_dataset(path: Path) -> None:
    _, inputs, _, truth = _split()
    inputs.assign(**{LABEL: truth}).to_csv(path, index=False)


_WRITERS: dict[tuple[str, str], Callable[[Path], None]] = {
    ("breast-cancer", "model"): _write_model,
    ("breast-cancer", "dataset"): _write_dataset,
}
