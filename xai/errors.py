"""The few errors a person can act on. Everything else is a bug and keeps its traceback."""

from __future__ import annotations

import errno
import re

_NO_ROOM = re.compile(r"No space left|\d+ requested and \d+ written")
"""What libraries say of a full disk where they keep no number; the second is numpy's."""


class XaiError(Exception):
    """Something a person can mend; its text is one or two plain sentences, shown as they are."""


class RefusedFile(XaiError):
    """An uploaded file is not opened: what was found, why it is refused, how to mend it."""


class MissingColumn(XaiError):
    """The data lacks a column that the model needs; the message names it."""


class InvalidParameter(XaiError):
    """A parameter is unknown, of the wrong type or out of bounds; the message says the choices."""


class NotApplicable(XaiError):
    """A method needs something this model does not have."""


class ShapeMismatch(XaiError):
    """Two arrays that belong together differ in shape."""


class LimitExceeded(XaiError):
    """The model's process was stopped at a limit of memory, time or output size."""


class DiskFull(XaiError):
    """The disk of this installation has no room left; nothing is wrong with the file."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence
            or "The disk of this installation is full. Have room made on it, then try again."
        )

    @staticmethod
    def is_behind(error: BaseException) -> bool:
        """Whether a full disk caused this error of the system, or of a library that wraps it."""
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        is_said = _NO_ROOM.search(str(error)) is not None
        return is_said and isinstance(error, (OSError, RuntimeError))


class ModelCrashed(XaiError):
    """The model's process died in native code."""


class IsolationUnavailable(XaiError):
    """The required level of isolation cannot be had on this machine."""


class Cancelled(XaiError):
    """A person stopped the work."""


BY_NAME: dict[str, type[XaiError]] = {
    kind.__name__: kind
    for kind in (
        XaiError,
        RefusedFile,
        MissingColumn,
        InvalidParameter,
        NotApplicable,
        ShapeMismatch,
        LimitExceeded,
        DiskFull,
        ModelCrashed,
        IsolationUnavailable,
        Cancelled,
    )
}
"""Error classes by name: how an error crosses the pipe out of the jail."""
