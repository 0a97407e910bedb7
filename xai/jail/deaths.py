"""Why a child ended, in sentences for the person who uploaded the model."""

from __future__ import annotations

import re
import signal

from xai.errors import LimitExceeded, ModelCrashed, XaiError
from xai.jail.limits import REQUESTS, Limits

OUT_OF_MEMORY = re.compile(
    r"bad.?alloc|(?:can(?:no|')t|failed to|unable to|could not) (?:\w+ )?allocate|out of memory"
    r"|allocation failed|MemoryError",
    re.IGNORECASE,
)
"""How native libraries say that memory ran out."""

_NAMES = {
    "SIGSEGV": "segmentation fault",
    "SIGBUS": "bad memory access",
    "SIGABRT": "aborted by its own library",
    "SIGILL": "illegal instruction",
    "SIGFPE": "arithmetic error",
    "SIGSYS": "forbidden request to the system",
}


def out_of_memory(limits: Limits) -> LimitExceeded:
    """Say that the memory limit was reached."""
    return LimitExceeded(
        f"The model's process needed more than {limits.memory_mb} MB of memory and was stopped. "
        "Use fewer rows or a smaller model, or raise the memory limit."
    )


def out_of_processor_time(limits: Limits) -> LimitExceeded:
    """Say that the limit of processor time was reached."""
    return LimitExceeded(
        f"The model's process used more than {limits.cpu_s} seconds of processor time and was "
        "stopped. Use fewer rows or a cheaper method, or raise the limit of processor time."
    )


def out_of_time(wall_s: float) -> LimitExceeded:
    """Say that the answer did not come in time."""
    return LimitExceeded(
        f"The model's process did not answer within {wall_s:g} seconds and was stopped. "
        "Use fewer rows or a cheaper method, or raise the time limit."
    )


def out_of_space(limits: Limits) -> LimitExceeded:
    """Say that the files written became too large."""
    return LimitExceeded(
        f"The model's process wrote files of more than {limits.file_mb} MB and was stopped."
    )


def answer_too_long(limits: Limits) -> LimitExceeded:
    """Say that the answer became too large."""
    return LimitExceeded(
        f"The answer of the model's process is longer than {limits.reply_mb} MB. "
        "Ask for fewer rows or fewer features at once."
    )


def unreadable() -> ModelCrashed:
    """Say that the child sent something that is no answer."""
    return ModelCrashed(
        "The model's process sent an answer that cannot be read, and was stopped. "
        "Most often its file is damaged."
    )


def explain(status: int, cpu_s: float, log: str, limits: Limits) -> XaiError:
    """Return the error for a child that ended before it answered.

    Parameters
    ----------
    status : int
        Exit code, or minus the signal's number.
    cpu_s : float
        Processor time it used.
    log : str
        The end of what it printed.
    """
    if status >= 0:
        return ModelCrashed(
            f"The model's process ended by itself (exit code {status}) before it answered. "
            "Most often its file is damaged."
        )
    number = -status
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= limits.cpu_s * REQUESTS):
        return out_of_processor_time(limits)
    if number == signal.SIGXFSZ:
        return out_of_space(limits)
    if number == signal.SIGKILL:
        return LimitExceeded(
            "The model's process was killed by the system, most often because the machine ran "
            "out of memory. Use fewer rows or a smaller model, or a machine with more memory."
        )
    if OUT_OF_MEMORY.search(log):
        return out_of_memory(limits)
    return ModelCrashed(
        f"The model's process died in native code (signal {number}, {_name(number)}). "
        "Most often its file is damaged or made by another version of its library."
    )


def _name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return "unknown"
    return _NAMES.get(name, name)
