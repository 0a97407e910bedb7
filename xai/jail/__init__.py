"""The jail: the one place where a model's file is opened, a process that can do nothing else."""

from __future__ import annotations

from xai.jail.child import Child
from xai.jail.limits import Limits
from xai.jail.probes import describe, level, require

__all__ = ["Child", "Limits", "describe", "level", "require"]
