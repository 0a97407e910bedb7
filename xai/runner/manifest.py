"""The manifest of a run: what was explained, with what, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from xai.methods.catalogue import GENERATION
from xai.runner.version import code_version
from xai.vocabulary import Json, Recipe


def manifest(  # noqa: PLR0913 - what is known of a run is said in full
    recipe: Recipe,
    model: Mapping[str, Json],
    dataset: Mapping[str, Json],
    *,
    isolation: str,
    errors: Mapping[str, str],
    command: str = "",
    external: Mapping[str, Json] | None = None,
    replacer: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return the part of `manifest.json` that is known without the results.

    Parameters
    ----------
    model, dataset, external, replacer : mapping
        {"name", "size", "facts"}; None for a second dataset or a masked language model that was
        not chosen.
    errors : mapping
        The sentence of each failed method, by slug.
    """
    facts, table = model["facts"], dataset["facts"]
    lender = None if replacer is None else _lender(recipe, replacer)
    return {
        "product": f"Parallax {code_version()}",
        "kind": recipe.kind,
        "model": {
            "name": model["name"],
            "sha256": recipe.model,
            "bytes": model["size"],
            "kind": facts["kind"],
            "format": facts["format"],
            "architecture": facts["architecture"],
            "parameters": facts.get("parameters"),
            "outputs": facts["outputs"],
            "features": [feature["name"] for feature in facts.get("features", ())],
            "problem": facts["problem"],
            "notes": list(facts.get("notes", [])),
        },
        "dataset": {
            "name": dataset["name"],
            "sha256": recipe.dataset,
            "bytes": dataset["size"],
            "rows": table["rows"],
            "columns": [column["name"] for column in table.get("columns", ())],
            "notes": list(table.get("notes", [])),
        },
        "external": _second(recipe, external),
        "rows": recipe.rows,
        "target": recipe.target or "predicted class of each sample",
        "label": recipe.label,
        "output": facts["output"],
        "background": recipe.background,
        "seed": recipe.seed,
        "isolation": isolation,
        "recipe": recipe.as_json(),
        "errors": dict(errors),
        **({} if lender is None else {"replacer": lender}),
        "command": command
        or command_for(
            recipe,
            model["name"],
            dataset["name"],
            external=external["name"] if external else "",
            replacer=lender["name"] if lender else "",
        ),
    }


def _second(recipe: Recipe, external: Mapping[str, Json] | None) -> dict[str, Json] | None:
    """Return what is known of the second dataset."""
    if external is None:
        return None
    return {
        "name": external["name"],
        "sha256": recipe.external,
        "bytes": external["size"],
        "rows": external["facts"]["rows"],
    }


def _lender(recipe: Recipe, replacer: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "name": replacer["name"],
        "sha256": recipe.replacer,
        "bytes": replacer["size"],
        "architecture": replacer["facts"].get("architecture", ""),
    }


def command_for(
    recipe: Recipe, model: str, dataset: str, *, external: str = "", replacer: str = ""
) -> str:
    """Return the command line that computes the same results again."""
    words = ["python", "manage.py", "explain", model, dataset, "--out", "bundle"]
    words += ["--methods", ",".join(choice.slug for choice in recipe.methods)]
    words += ["--rows", recipe.rows, "--seed", str(recipe.seed)]
    words += ["--background", str(recipe.background)]
    if recipe.target:
        words += ["--target", recipe.target]
    if recipe.label:
        words += ["--label", recipe.label]
    is_prompt = recipe.kind == GENERATION
    for name, value in (
        ("--prompt" if is_prompt else "--text", recipe.text),
        ("--pair", recipe.pair),
        ("--continuation", recipe.continuation),
        ("--tokens", str(recipe.tokens) if recipe.tokens else ""),
        ("--score", recipe.score),
        ("--analyses", ",".join(recipe.analyses)),
        ("--external", external),
        ("--temperature", f"{recipe.temperature:g}" if recipe.temperature else ""),
        ("--replacer", replacer),
    ):
        words += [name, value] if value else []
    if recipe.features:
        words += ["--features", ",".join(recipe.features)]
    for choice in recipe.methods:
        for name, value in choice.params.items():
            words += ["--param", f"{choice.slug}.{name}={value}"]
    return shlex.join(words)
