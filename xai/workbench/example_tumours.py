"""The example of tables: breast-cancer data that ships with scikit-learn, and a forest of it.

The forest learns from 70 % of the rows; the dataset holds the other 30 %, with the truth.
"""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from skops.io import dump

from xai.vocabulary import Json, Progress

TREES = 100
LABEL = "diagnosis"


def write_model(path: Path, _progress: Progress) -> None:
    """Train the forest; write it as a .skops file."""
    inputs, _, truth, _ = _split()
    forest = RandomForestClassifier(TREES, max_depth=8, min_samples_leaf=3, random_state=0)
    dump(forest.fit(inputs, truth.astype(str).to_numpy(dtype="U10")), path)


def write_dataset(path: Path, _progress: Progress) -> None:
    """Write the rows that the forest has not seen, as CSV."""
    _, inputs, _, truth = _split()
    inputs.assign(**{LABEL: truth}).to_csv(path, index=False)


def _split() -> tuple[Json, Json, Json, Json]:
    bunch = load_breast_cancer(as_frame=True)
    truth = bunch.target.map(dict(enumerate(bunch.target_names)))
    parts = train_test_split(bunch.data, truth, test_size=0.3, random_state=0, stratify=truth)
    return tuple(parts)
