"""Tokens, examples, methods, and this installation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Status
from ninja.errors import HttpError

from tasks import examples
from xai.methods import catalogue
from xai.methods.card import Card
from xai.runner.examples import EXAMPLES, Example
from xai.runner.version import VERSION
from xai.web import system, tokens
from xai.web.api.doors import is_person
from xai.web.api.shapes import (
    About,
    ExampleTold,
    MethodTold,
    ParameterTold,
    TokenAsked,
    TokenMade,
    TokenTold,
)
from xai.web.api.uploads import told as upload_told
from xai.web.models import Token, Upload

router = Router(tags=["Account"])
TOLD = ("name", "start", "state", "created", "expires", "last_used")


@router.get("/about", response=About, summary="This installation, and your room in it")
def about(request: HttpRequest) -> Any:
    """Versions and limits."""
    mine = Upload.objects.for_user(request.user).exclude(state=Upload.State.REFUSED)
    return About(
        version=VERSION,
        mode=settings.MODE,
        user=request.user.get_username(),
        isolation=str(system.read()["isolation"].get("level", "unknown")),
        max_file=settings.MAX_FILE,
        part_bytes=settings.PART_BYTES,
        one_shot_bytes=settings.ONE_SHOT_BYTES,
        quota_bytes=settings.QUOTA_BYTES,
        used_bytes=mine.aggregate(total=Sum("size"))["total"] or 0,
        quota_files=settings.QUOTA_FILES,
        used_files=mine.count(),
    )


@router.get(
    "/methods/{slug:kind}", response=list[MethodTold], summary="Methods for a kind of model"
)
def methods(request: HttpRequest, kind: str) -> Any:  # noqa: ARG001
    """The kinds are the facts' `kind` of a model; parameters have their defaults and bounds."""
    if kind not in catalogue.KINDS:
        raise HttpError(404, f"The kinds of model are {', '.join(catalogue.KINDS)}.")
    return [_method(card) for card in catalogue.of(kind).values()]


@router.get("/examples", response=list[ExampleTold], summary="List the examples")
def list_examples(request: HttpRequest) -> Any:
    """They run without any upload."""
    return [_example(request, one) for one in EXAMPLES.values()]


@router.post("/examples/{slug:name}", response={202: ExampleTold}, summary="Begin an example")
def begin_example(request: HttpRequest, name: str) -> Any:
    """Its files are made, then explained; `run` is there once both files are."""
    if name not in EXAMPLES:
        raise HttpError(404, f"The examples are {', '.join(EXAMPLES)}.")
    examples.begin(request.user, EXAMPLES[name])
    return Status(202, _example(request, EXAMPLES[name]))


@router.get("/tokens", response=list[TokenTold], summary="List tokens")
def list_tokens(request: HttpRequest) -> Any:
    """Without their secrets, which nobody has."""
    return [_token(one) for one in Token.objects.for_user(request.user)[:200]]


@router.post("/tokens", response={201: TokenMade}, summary="Make a token")
def make_token(request: HttpRequest, asked: TokenAsked) -> Any:
    """Only for somebody logged in: a token that leaked must not make others that outlive it."""
    if not is_person(request):
        raise HttpError(403, "A token cannot make tokens: make one on the page Tokens.")
    token, secret = tokens.make(request.user, asked.name, asked.days)
    return Status(201, TokenMade(**_token(token).dict(), secret=secret))


@router.delete("/tokens/{uuid:pk}", response={204: None}, summary="Revoke a token")
def revoke_token(request: HttpRequest, pk: Path[UUID]) -> Any:
    """At once, and for good; a token may revoke itself."""
    tokens.revoke(get_object_or_404(Token.objects.for_user(request.user), pk=pk))
    return Status(204, None)


def _token(token: Token) -> TokenTold:
    return TokenTold(id=token.pk, **{name: getattr(token, name) for name in TOLD})


def _example(request: HttpRequest, example: Example) -> ExampleTold:
    run = examples.run_of(request.user, example)
    made = [upload_told(one) for one in examples.files_of(request.user, example)]
    slug, title = example.slug, example.title
    return ExampleTold(slug=slug, title=title, files=made, run=run.pk if run else None)


def _method(card: Card) -> MethodTold:
    names = ("slug", "title", "family", "scope", "summary", "cost", "is_recommended")
    bounds = ("name", "kind", "default", "help", "low", "high")
    parameters = [
        ParameterTold(**{name: getattr(one, name) for name in bounds}, choices=list(one.choices))
        for one in card.parameters
    ]
    found = {name: getattr(card, name) for name in names}
    return MethodTold(**found, needs=list(card.needs), parameters=parameters)
