"""The API's description turned into what its page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to send or to get."""

    name: str
    kind: str
    meaning: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one address."""

    key: str
    method: str
    path: str
    summary: str
    meaning: str
    parameters: list[Field]
    body: list[Field]
    body_kind: str
    answers: list[tuple[str, str, str]]
    """Status, meaning, kind."""
    fields: list[Field]
    """Of the answer that means success."""


def groups(schema: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations by tag, in the order of their addresses."""
    found: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            shown = _operation(schema, path, method, operation)
            found.setdefault(operation["tags"][0], []).append(shown)
    return found


def _operation(schema: Mapping[str, Any], path: str, method: str, told: Any) -> Operation:
    parameters = [
        Field(
            one["name"],
            f"{kind(one['schema'])}, in the {one['in']}",
            one["schema"].get("description", ""),
            one["required"],
        )
        for one in told["parameters"]
    ]
    body_kind, body = _content(schema, told.get("requestBody", {}))
    answers, fields = [], []
    for status, answer in sorted(told["responses"].items(), key=lambda one: int(one[0])):
        media, inside = _content(schema, answer)
        answers.append((str(status), answer["description"], media))
        if int(status) < 300:
            fields = inside
    return Operation(
        key=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        meaning=told.get("description", ""),
        parameters=parameters,
        body=body,
        body_kind=body_kind,
        answers=answers,
        fields=fields,
    )


def _content(schema: Mapping[str, Any], part: Mapping[str, Any]) -> tuple[str, list[Field]]:
    for media, content in part.get("content", {}).items():
        inner = _followed(schema, content["schema"])
        if inner.get("type") == "array":
            inner = _followed(schema, inner["items"])
        required = set(inner.get("required", ()))
        fields = [
            Field(name, kind(one), _meaning(schema, one), name in required)
            for name, one in inner.get("properties", {}).items()
        ]
        return media, fields
    return "", []


def _followed(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in part:
        found: Mapping[str, Any] = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
        return found
    return part


def _meaning(schema: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    return str(part.get("description") or _followed(schema, part).get("description", ""))


def kind(part: Mapping[str, Any]) -> str:
    """Return a type in words."""
    if "$ref" in part:
        return str(part["$ref"].rsplit("/", 1)[1])
    if "enum" in part:
        return " | ".join(map(str, part["enum"]))
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(kind(one) for one in part["anyOf"]))
    if part.get("type") == "array":
        return f"list of {kind(part.get('items', {}))}"
    return str(part.get("format") or part.get("type") or "any")
