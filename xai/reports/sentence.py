"""A sentence about a run, with where its number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topic = Literal[
    "relies",
    "agreement",
    "faithfulness",
    "distrust",
    "performance",
    "workflow",
    "simpler",
    "data",
    "failed",
    "caution",
    "notes",
]
Tone = Literal["", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One or two sentences that belong together, in plain text.

    Attributes
    ----------
    page : str
        Name of the page's address; "" if there is none.
    query : str
        What follows the address: "?sample=3" or "#matrix".
    tone : str
        "warn": mind this; "bad": something failed.
    """

    text: str
    page: str = ""
    query: str = ""
    tone: Tone = ""
    topic: Topic = "caution"
