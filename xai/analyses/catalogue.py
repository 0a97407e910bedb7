"""The analyses by slug: light to import, the website and the command line read it.

An analysis is no method: it explains no single row, and what it fits is its own, never the upload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from xai.errors import InvalidParameter

if TYPE_CHECKING:
    from types import ModuleType

TABULAR, TEXT, IMAGES = "tabular", "text-classification", "image-classification"


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis as the product shows it.

    Attributes
    ----------
    kinds : kinds of model that it is offered for
    parts : what the work is cut into
    shards : how many shards these make
    cost : in words
    evaluations : (rows of the dataset, features) to evaluations of the uploaded model
    seconds : of one core, on some hundred rows, beside the model
    module : dotted path of what runs in the jail: `analyse`
    ending : dotted path of what puts the parts together, `conclude`; "" where there is one part,
        which is the result
    page : the page that shows it
    """

    slug: str
    title: str
    summary: str
    source: str
    kinds: tuple[str, ...]
    cost: str
    evaluations: Callable[[int, int], int]
    seconds: float
    module: str
    page: str
    ending: str = ""
    parts: int = 1
    shards: int = 1
    needs_label: bool = True
    needs_external: bool = False


ANALYSES: dict[str, Analysis] = {
    one.slug: one
    for one in (
        Analysis(
            slug="simpler",
            title="Would a simpler model do?",
            summary="Five learners are fitted here on the same splits of your labelled rows. Says "
            "how many of them come near the best, whether a simple one is among them, and how far "
            "nearly equal models differ in their answers and in what they rely on.",
            source="Semenova, Rudin and Parr 2022; Marx et al. 2020; Fisher et al. 2019",
            kinds=(TABULAR,),
            cost="50 fits for the comparison, 150 for the spread, none of the uploaded model",
            evaluations=lambda rows, features: min(rows, 600) * (1 + 5 * features),
            seconds=60.0,
            module="xai.workbench.analyses.simpler",
            ending="xai.analyses.simpler",
            page="simpler",
            parts=40,
            shards=8,
        ),
        Analysis(
            slug="peers",
            title="Interpretable peers",
            summary="A small tree and a sparse linear model are fitted here to your labelled rows, "
            "to be read whole and held beside the uploaded model. Forward selection on a peer says "
            "how few columns would do.",
            source="Bloch and Friedrich 2022; Breiman et al. 1984; Tibshirani 1996",
            kinds=(TABULAR,),
            cost="some hundred small fits; each labelled row answered once",
            evaluations=lambda rows, _features: min(rows, 1000),
            seconds=15.0,
            module="xai.workbench.analyses.peers",
            page="simpler",
        ),
        Analysis(
            slug="external",
            title="On other data",
            summary="The same model on a second dataset of the same columns, such as another "
            "hospital's: how right it is there, whether it relies on the same, what moved.",
            source="Bloch and Friedrich 2022; Lundberg et al. 2020 (Shapley values of the loss)",
            kinds=(TABULAR,),
            cost="up to 5,000 rows of each dataset, shuffled column by column; Shapley values of "
            "100 rows of each, and of the loss of 40",
            evaluations=lambda rows, features: (
                2 * min(rows, 5000) * (1 + 5 * features) + 2 * 140 * 128 * 16
            ),
            seconds=5.0,
            module="xai.workbench.analyses.external",
            page="workflow",
            needs_label=False,
            needs_external=True,
        ),
        Analysis(
            slug="data",
            title="Odd labels and near rows",
            summary="Labelled rows that the model finds hardest: highest loss, lowest margin, "
            "EL2N and, where the last layer can be found, GraNd. Beside each its nearest rows and "
            "those that its prediction leans on: possible errors of the labels.",
            source="Paul et al. 2021; Koh and Liang 2017",
            kinds=(TABULAR, TEXT, IMAGES),
            cost="each labelled row answered once: up to 5,000 of a table, 400 texts, 300 pictures",
            evaluations=lambda rows, features: min(rows, 5000 if features else 400),
            seconds=2.0,
            module="xai.workbench.analyses.data",
            page="data",
        ),
    )
}
"""In the order of the form and the pages."""


def of(kind: str) -> dict[str, Analysis]:
    """Return the analyses for a kind of model, by slug."""
    return {slug: one for slug, one in ANALYSES.items() if kind in one.kinds}


def ending(slug: str) -> ModuleType:
    """Import what puts the parts of an analysis together."""
    return import_module(ANALYSES[slug].ending)


def check(slugs: tuple[str, ...], kind: str, *, label: str, external: str) -> None:
    """Refuse an analysis that has not what it needs.

    Raises
    ------
    InvalidParameter
        Naming the analysis and what is missing.
    """
    known = of(kind)
    for slug in slugs:
        if slug not in known:
            choices = ", ".join(known) or "none"
            raise InvalidParameter(
                f"There is no analysis {slug!r} for this kind of model; there are: {choices}."
            )
        # Pictures carry their labels in their folders: their job looks for itself.
        if known[slug].needs_label and not label and kind != IMAGES:
            raise InvalidParameter(
                f"“{known[slug].title}” needs the truth: name the column that holds it."
            )
        if known[slug].needs_external and not external:
            raise InvalidParameter(f"“{known[slug].title}” needs a second dataset: choose one.")
