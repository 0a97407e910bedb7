"""List the methods: name, family, what they need, parameters with defaults, cost."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xai.analyses import catalogue as analyses
from xai.analyses.catalogue import Analysis
from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.methods.card import Card, Parameter

REFUSED = 2


class Command(BaseCommand):
    """`manage.py methods [--kind tabular]`."""

    help = "List the methods, with what they need, their parameters and their cost."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the list be narrowed to a kind of task."""
        parser.add_argument("--kind", default="", help="For example: text-classification.")

    def handle(self, *args: Any, **given: Any) -> None:
        """Print one paragraph per method."""
        kinds = [given["kind"]] if given["kind"] else list(catalogue.KINDS)
        try:
            for kind in kinds:
                for card in catalogue.of(kind).values():
                    self.stdout.write(_paragraph(card, kind))
                for analysis in analyses.of(kind).values():
                    self.stdout.write(_analysis(analysis, kind))
        except InvalidParameter as error:
            self.stderr.write(str(error))
            sys.exit(REFUSED)


def _paragraph(card: Card, kind: str) -> str:
    lines = [
        f"{card.slug}: {card.title} ({card.family}, {card.scope})",
        f"  {card.summary}",
        f"  for: {kind}   needs: {', '.join(card.needs) or 'predictions only'}",
        f"  cost: {card.cost}",
        *(_line(parameter) for parameter in card.parameters),
        f"  source: {card.source}",
    ]
    return "\n".join(lines) + "\n"


def _analysis(card: Analysis, kind: str) -> str:
    needs = ["the truth"] * card.needs_label + ["a second dataset"] * card.needs_external
    lines = [
        f"{card.slug}: {card.title} (analysis: --analyses {card.slug})",
        f"  {card.summary}",
        f"  for: {kind}   needs: {', '.join(needs) or 'predictions only'}",
        f"  cost: {card.cost}",
        f"  source: {card.source}",
    ]
    return "\n".join(lines) + "\n"


def _line(parameter: Parameter) -> str:
    bounds = ""
    if parameter.choices:
        bounds = f" [{' | '.join(parameter.choices)}]"
    elif parameter.low is not None or parameter.high is not None:
        bounds = f" [{parameter.low} to {parameter.high}]"
    return f"  {parameter.name}={parameter.default}{bounds}  {parameter.help}"
