"""HTML that is safe by its making: every text is escaped unless it was made here."""

from __future__ import annotations

import html
from collections.abc import Iterable

from xai.figures.parts import plain


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Html | Iterable[Html] | None

_DRAWN = {"rect", "path", "image", "use"}
_EMPTY = {"meta", "rect", "path", "col", "br", "img", "image", "use"}
"""Elements without an end tag; those of SVG are closed in place."""


def tag(element: str, /, *children: Child, **attributes: object) -> Html:
    """Return one element; what is not `Html` is escaped, and None is left out.

    Attributes: `class_` and `for_` lose their last sign, other underscores become hyphens; False
    and None are left out, True has no value.
    """
    opening = f"<{element}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    if element in _EMPTY:
        return Html(f"{opening}/>" if element in _DRAWN else f"{opening}>")
    return Html(f"{opening}>{join(*children)}</{element}>")


def join(*children: Child) -> Html:
    """Return several pieces as one."""
    return Html("".join(_child(child) for child in children))


def text(words: str) -> Html:
    """Return text for people: escaped, without signs that are unseen or turn text around."""
    return Html(html.escape(plain(words)))


def name(words: str) -> Html:
    """Return a name from the data, kept from turning around the text beside it."""
    return tag("bdi", words or "(no name)")


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return text(child)
    return "".join(_child(part) for part in child)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(plain(str(value)))}"'
