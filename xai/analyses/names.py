"""What the learners are called: light to import."""

from __future__ import annotations

LEARNERS = {
    "linear": "Linear model",
    "tree": "Decision tree of depth 4",
    "forest": "Random forest",
    "boosting": "Gradient boosting",
    "kernel": "Support vector machine",
}
SIMPLE = ("linear", "tree")
"""A person can read the whole of them."""
OPAQUE = ("boosting", "kernel")


def title(slug: str, *, is_classification: bool) -> str:
    """Return a learner's name for people."""
    if slug == "linear":
        return "Logistic regression" if is_classification else "Ridge regression"
    return LEARNERS[slug]
