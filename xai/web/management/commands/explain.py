"""Explain a model on a dataset from the command line: no server, no broker, no login."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from xai import jail
from xai.errors import InvalidParameter, XaiError
from xai.reports.outline import SECTIONS
from xai.runner.explain import explain
from xai.runner.options import Options
from xai.vocabulary import Json
from xai.web import files

REFUSED, IN_PART = 2, 3


class Command(BaseCommand):
    """`manage.py explain MODEL DATA --out DIR`; exits 0, 2 (refused) or 3 (some methods failed)."""

    help = "Explain a model on a dataset and write the bundle to a folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be chosen; see docs/bundle.md."""
        parser.add_argument("model", type=Path)
        parser.add_argument("data", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="A new folder.")
        parser.add_argument("--methods", default="", help="Slugs with commas; see `methods`.")
        parser.add_argument("--target", default="", help="A class; default: the predicted one.")
        parser.add_argument("--rows", default="", help="all, 0:100, 3,7,12 or sample:50")
        parser.add_argument("--label", default="", help="The column with the truth.")
        parser.add_argument("--text", default="", help="The column with the text.")
        parser.add_argument("--pair", default="", help="The column with a second text.")
        parser.add_argument("--prompt", default="", help="The column with the prompt.")
        parser.add_argument("--continuation", default="", help="The column that follows it.")
        parser.add_argument("--tokens", type=int, default=0, help="How many tokens to write.")
        parser.add_argument(
            "--temperature", type=float, default=0.0, help="0: the likeliest token; 1: drawn."
        )
        parser.add_argument("--replacer", type=Path, help="A masked model that lends words.")
        parser.add_argument("--score", default="", help="probability, or logit of the class.")
        parser.add_argument("--analyses", default="", help="Slugs with commas; see `methods`.")
        parser.add_argument("--external", type=Path, help="A second dataset, to compare with.")
        parser.add_argument("--features", default="", help="Column order for a nameless model.")
        parser.add_argument("--background", type=int, default=50, help="Rows for 'no signal'.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--param", action="append", default=[], metavar="METHOD.NAME=VALUE", dest="params"
        )

        parser.add_argument("--report", default="html", help="html, or html,pdf.")
        parser.add_argument("--title", default="", help="The report's title.")
        parser.add_argument("--sections", default="", help=f"Of the report: {','.join(SECTIONS)}.")
        parser.add_argument("--samples", default="", help="Rows in the report: 3,7,10:20 or all.")

    def handle(self, *args: Any, **given: Any) -> None:
        """Run, say in one sentence what was refused, and exit with the promised status."""
        bar = _Bar()
        try:
            jail.require(settings.ISOLATION_REQUIRED)
            options = Options(
                methods=_words(given["methods"]),
                params=_params(given["params"]),
                target=given["target"],
                rows=given["rows"],
                label=given["label"],
                features=_words(given["features"]),
                text=given["text"] or given["prompt"],
                pair=given["pair"],
                continuation=given["continuation"],
                tokens=given["tokens"],
                temperature=given["temperature"],
                replacer=given["replacer"],
                score=given["score"],
                background=given["background"],
                seed=given["seed"],
                formats=_words(given["report"]),
                title=given["title"],
                sections=_words(given["sections"]),
                samples=given["samples"],
                analyses=_words(given["analyses"]),
                external=given["external"],
                code=files.compiled(),
                command=shlex.join(["python", "manage.py", *sys.argv[1:]]),
            )
            failed = explain(given["model"], given["data"], given["out"], options, bar.report)
        except XaiError as error:
            bar.end()
            sys.stderr.write(f"{error}\n")
            sys.exit(REFUSED)
        bar.end()
        for slug, sentence in failed.items():
            sys.stderr.write(f"{slug} failed: {sentence}\n")
        self.stdout.write(f"{given['out']}")
        if failed:
            sys.exit(IN_PART)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _params(given: list[str]) -> dict[str, dict[str, Json]]:
    params: dict[str, dict[str, Json]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        slug, dot, parameter = name.partition(".")
        if not (equals and dot and parameter):
            raise InvalidParameter(f"--param wants METHOD.NAME=VALUE, not {text!r}.")
        params.setdefault(slug, {})[parameter] = value
    return params


class _Bar:
    """A progress bar on standard error: one line that is written again; plain lines in a file."""

    WIDTH = 30

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last = ""

    def report(self, what: str, done: int, total: int) -> None:
        """Show how far the current step is."""
        if self._is_terminal:
            share = min(1.0, done / total) if total else 0.0
            bar = "█" * round(share * self.WIDTH)
            sys.stderr.write(f"\r\033[K{what:24} {bar:{self.WIDTH}} {share:4.0%} {done:,}")
        elif what != self._last:
            sys.stderr.write(f"{what}\n")
        self._last = what

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            sys.stderr.write("\r\033[K")
