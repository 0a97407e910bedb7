"""Recipe to jobs to shards: a pure function, so that the same recipe gives the same work."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from xai.analyses.catalogue import ANALYSES, Analysis, check
from xai.assets.rows import choose
from xai.evaluation.faithfulness import softly
from xai.evaluation.faithfulness.contest import passes
from xai.methods import catalogue
from xai.methods.card import Card, Size
from xai.methods.cards.generation import tokens_of
from xai.methods.shapley.pairs import order as pairs
from xai.runner import costs, measuring
from xai.runner.version import code_version
from xai.vocabulary import Json, MethodChoice, Recipe

SHARD_SECONDS = 8.0
"""Long beside the cost of claiming a shard, short beside a person's patience."""
SHARD_NUMBERS = 4_000_000
"""Rows × features of a table that a shard holds at once: 32 MB, a few times over."""
SHARDS_MOST = 400
SELF_ROWS = 50
"""Rows on which a random method is run again with another seed: enough for a mean with interval."""
UNITS, UNITS_MOST, SIGNS_PER_WORD = 49, 512, 5
"""Parts of a picture; tokens of a text at most; letters, and the space, of a word."""
MEASURED = {catalogue.TABULAR: 19, catalogue.TEXT: 3, catalogue.GENERATION: 3, catalogue.IMAGES: 3}
"""Model evaluations of one mask under all baselines, by kind."""
MEASURED_MOST = {
    catalogue.TABULAR: 200,
    catalogue.TEXT: 24,
    catalogue.GENERATION: 24,
    catalogue.IMAGES: 24,
}
SOFT = {catalogue.TEXT, catalogue.GENERATION}
"""Kinds whose models read parts of the numbers of a unit."""
"""Rows on which it is measured: a test needs 20, and 200 settle all but small differences; a mask
of a text or a picture costs a pass through a network."""


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One slice of a job: chosen rows (or features) `start` to `stop`."""

    start: int
    stop: int
    planned: int


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One method of a run, or a step around the methods, with the key of its result."""

    role: str
    method: str
    params: Mapping[str, Json]
    seed: int
    key: str
    planned: int
    seconds: float
    shards: tuple[ShardPlan, ...]

    def as_json(self) -> dict[str, Json]:
        """Return what the jailed child needs to know of the job."""
        return {
            "role": self.role,
            "method": self.method,
            "params": dict(self.params),
            "seed": self.seed,
        }


def size_of(
    recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json], rows: int
) -> Size:
    """Return the numbers that a cost formula may use, for `rows` chosen rows."""
    return Size(
        rows=rows,
        features=len(model["features"]),
        units=_units(recipe, model, dataset),
        background=recipe.background,
        outputs=max(1, recipe.tokens) if recipe.kind == catalogue.GENERATION else 1,
        has_trees="trees" in model["capabilities"],
    )


def plan(
    recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json]
) -> tuple[JobPlan, ...]:
    """Turn a recipe into jobs, in the order of the page; the last ones wait for all others.

    Parameters
    ----------
    model, dataset : mapping
        The facts found by inspection.

    Raises
    ------
    InvalidParameter
        If rows or parameters cannot be read, or an analysis lacks what it needs.
    """
    check(recipe.analyses, recipe.kind, label=recipe.label, external=recipe.external)
    chosen = len(choose(recipe.rows, dataset["rows"], recipe.seed))
    recipe = replace(recipe, background=min(recipe.background, dataset["rows"]))
    speed = costs.speed(model)
    jobs = [_predictions(recipe, chosen, len(model["features"]), speed)]
    for choice in recipe.methods:
        card = catalogue.card(choice.slug, recipe.kind)
        size = size_of(recipe, model, dataset, chosen)
        if card.read(choice.params).get("interactions"):
            pairs.check(chosen, size.features)
        jobs.append(_job("method", card, choice, recipe, size, model))
        if _wants_another_seed(card, model):
            few = replace(size, rows=min(chosen, SELF_ROWS))
            jobs.append(_job("self", card, choice, recipe, few, model))
    later = (*_looking_back(recipe, jobs), *_faithfulness(recipe, jobs, model, dataset))
    asked = [ANALYSES[slug] for slug in recipe.analyses]
    return (*jobs, *later, *(_analysis(recipe, one, model, dataset) for one in asked))


def estimate(
    recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json]
) -> list[dict[str, Json]]:
    """Return evaluations and seconds per chosen method, its second seed included."""
    rows: dict[str, dict[str, Json]] = {}
    for job in plan(recipe, model, dataset):
        if job.role in {"method", "self"}:
            row = rows.setdefault(job.method, {"slug": job.method, "evaluations": 0, "seconds": 0})
            row["evaluations"] += job.planned
            row["seconds"] += job.seconds
    return list(rows.values())


def estimate_step(
    recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json], role: str
) -> dict[str, Json]:
    """Return evaluations and seconds of the jobs of a role: "faithfulness", "analysis"."""
    jobs = [job for job in plan(recipe, model, dataset) if job.role == role]
    return {
        "evaluations": sum(job.planned for job in jobs),
        "seconds": sum((job.seconds for job in jobs), 0.0),
    }


def missing_capability(card: Card, model: Mapping[str, Json]) -> str:
    """Return why a method cannot run on a model, or "" if it can."""
    for need in card.needs:
        if need not in model["capabilities"]:
            return _REASONS.get(need, f"needs {need}, which this model does not offer")
    return ""


_REASONS = {
    "gradient": "needs gradients; this model offers its answers only",
    "attention": "needs attention that ends in one token; this model has none to show",
    "layers": "needs the layers of the network; this model offers its answers only",
    "builtin": "needs importances stored in the model file; this model carries none",
    "trees": "needs a tree ensemble with an exact algorithm of its own",
}


def job_key(recipe: Recipe, job: Mapping[str, Json]) -> str:
    """Return the hash of everything that determines the result of a job."""
    # What is asked beside a job changes nothing in it: it may be taken from an earlier run.
    apart = {"methods", "analyses", "external"}
    asked = {name: value for name, value in asdict(recipe).items() if name not in apart}
    text = json.dumps([code_version(), asked, dict(job)], sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()


def _units(recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json]) -> int:
    """Return the words of a typical text (or the parts of a picture), for the costs."""
    if recipe.kind == catalogue.TABULAR:
        return 0
    columns = {column["name"]: column for column in dataset.get("columns", ())}
    asked = [columns[name] for name in (recipe.text, recipe.pair) if name in columns]
    signs = sum(float((column.get("text") or {}).get("mean_length") or 0) for column in asked)
    most = int(model.get("max_tokens") or UNITS_MOST)
    return max(1, min(round(signs / SIGNS_PER_WORD), most)) if signs else UNITS


def _wants_another_seed(card: Card, model: Mapping[str, Json]) -> bool:
    exact = any(capability in model["capabilities"] for capability in card.exact_with)
    return card.is_stochastic and card.scope == "local" and card.family != "Control" and not exact


def _predictions(recipe: Recipe, chosen: int, features: int, speed: float) -> JobPlan:
    job = {"role": "predictions", "method": "", "params": {}, "seed": recipe.seed}
    shards = _cut(chosen, chosen, chosen / speed, chosen * features)
    return JobPlan(
        "predictions", "", {}, recipe.seed, job_key(recipe, job), chosen, chosen / speed, shards
    )


def _job(
    role: str,
    card: Card,
    choice: MethodChoice,
    recipe: Recipe,
    size: Size,
    model: Mapping[str, Json],
) -> JobPlan:
    params, chosen = card.read(choice.params), size.rows
    seed = recipe.seed + (1 if role == "self" else 0)
    planned = card.evaluations(params, size)
    seconds = costs.seconds(card, params, size, model, planned)
    items = {"rows": chosen, "features": size.features, "none": 1}[card.slices]
    shards = (
        _cut(items, planned, seconds, costs.numbers(card, params, size))
        if card.slices != "none"
        else (ShardPlan(0, chosen, planned),)
    )
    key = job_key(
        recipe, {"role": role, "method": card.slug, "params": params, "seed": seed, "n": chosen}
    )
    return JobPlan(role, card.slug, params, seed, key, planned, seconds, shards)


def _looking_back(recipe: Recipe, jobs: list[JobPlan]) -> tuple[JobPlan, ...]:
    """Return the steps that need no model: graphs of strategies, where one can be, agreement."""
    found = [catalogue.card(job.method, recipe.kind) for job in jobs if job.role == "method"]
    shared = any(card.scope in {"local", "concepts"} and card.family != "Control" for card in found)
    parts = sorted(job.key for job in jobs)
    keys = {role: job_key(recipe, {"role": role, "parts": parts})
            for role in (*["strategies"] * shared, "agreement")}  # fmt: skip
    once, seed = (ShardPlan(0, 1, 0),), recipe.seed
    return tuple(JobPlan(role, "", {}, seed, key, 0, 0.0, once) for role, key in keys.items())


def _faithfulness(
    recipe: Recipe, jobs: list[JobPlan], model: Mapping[str, Json], dataset: Mapping[str, Json]
) -> tuple[JobPlan, ...]:
    """Return the job that measures how faithful the methods are, where they can be measured."""
    local = [job for job in jobs if job.method and _is_measured(job, recipe.kind)]
    if not any(job.role == "method" for job in local):
        return ()
    chosen = min(jobs[0].planned, MEASURED_MOST[recipe.kind])
    size = size_of(recipe, model, dataset, chosen)
    players = tokens_of(size) if recipe.kind == catalogue.GENERATION else size.units
    players = players or size.features
    planned = chosen * passes(players, len(local)) * MEASURED[recipe.kind]
    if recipe.kind in SOFT:
        planned += chosen * softly.evaluations(
            size.outputs, sum(job.role == "method" for job in local)
        )
    methods = [measuring.Chosen(job.method, job.params) for job in local if job.role == "method"]
    params, further = measuring.more(
        recipe.kind, methods, len(local), replace(size, units=players), model
    )
    planned += further
    parts = sorted(job.key for job in jobs)
    key = job_key(recipe, {"role": "faithfulness", "params": params, "parts": parts})
    seconds = planned / costs.speed(model, size)
    shards = _cut(chosen, planned, seconds)
    return (JobPlan("faithfulness", "", params, recipe.seed, key, planned, seconds, shards),)


def _analysis(
    recipe: Recipe, card: Analysis, model: Mapping[str, Json], dataset: Mapping[str, Json]
) -> JobPlan:
    """Return the job of an analysis; its shards are slices of its parts."""
    planned = card.evaluations(int(dataset["rows"]), len(model.get("features", ())))
    seconds = planned / costs.speed(model) + card.seconds
    edges = [round(card.parts * i / card.shards) for i in range(card.shards + 1)]
    shards = tuple(
        ShardPlan(start, stop, math.ceil(planned / card.shards))
        for start, stop in itertools.pairwise(edges)
    )
    named = {"role": "analysis", "method": card.slug, "params": {}, "seed": recipe.seed}
    external = {"external": recipe.external} if card.needs_external else {}
    key = job_key(recipe, named | external)
    return JobPlan("analysis", card.slug, {}, recipe.seed, key, planned, seconds, shards)


def _is_measured(job: JobPlan, kind: str) -> bool:
    card = catalogue.card(job.method, kind)
    return card.scope == "local" and card.family != "Control"


def _cut(items: int, planned: int, seconds: float, numbers: int = 0) -> tuple[ShardPlan, ...]:
    """Cut evenly into shards of about `SHARD_SECONDS`, of `SHARD_NUMBERS` at most."""
    parts = max(math.ceil(seconds / SHARD_SECONDS), math.ceil(numbers / SHARD_NUMBERS))
    count = max(1, min(items, SHARDS_MOST, parts))
    edges = [round(items * i / count) for i in range(count + 1)]
    return tuple(
        ShardPlan(start, stop, math.ceil(planned * (stop - start) / items))
        for start, stop in itertools.pairwise(edges)
    )
