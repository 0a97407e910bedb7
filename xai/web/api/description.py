"""The description of the API: what the library finds, and how everything may be refused."""

from __future__ import annotations

from typing import Any

from xai.web.problems import MEDIA

ABOUT = (
    "Upload models and data, ask for explanations, follow them, fetch what came out. Send "
    "`Authorization: Bearer` and a token from the page Tokens. What is refused is answered as "
    "`application/problem+json` with one sentence in `detail`."
)
_ALWAYS = {400: "The request cannot be read.", 401: "No valid token and no session.",
           422: "What was asked does not hold; `detail` says why.",
           429: "Too often, or too much waits; `Retry-After` says for how long.",
           503: "The shared store is away; nothing is lost."}  # fmt: skip
_CHANGING = {403: "A page's session without its CSRF token, or not for tokens.",
             409: "Not in this state; of an upload, `offset` is the byte expected next.",
             411: "The body has no length.", 413: "The body is too large.",
             507: "No room: your quota, or the disk."}  # fmt: skip
_OF_A_THING = {404: "There is no such thing, or it is not yours."}
_SAFE = {"get", "head", "options"}


def completed(schema: Any) -> Any:
    """Add every way to be refused to every operation."""
    schema["components"]["schemas"]["Problem"] = _problem()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            ways = dict(_ALWAYS)
            if method not in _SAFE:
                ways |= _CHANGING
            if "{" in path or method == "post":
                ways |= _OF_A_THING
            if path.endswith("/fits"):
                ways |= {409: _CHANGING[409]}
            for status, meaning in ways.items():
                operation["responses"][status] = _refusal(meaning)
    return schema


def _refusal(meaning: str) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {MEDIA: {"schema": problem}}}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "title": "Problem",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "One sentence for people."},
            "offset": {"type": "integer", "description": "The byte expected next."},
        },
    }
