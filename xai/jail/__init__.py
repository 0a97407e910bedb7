"""The jail: the one place where a model's file is opened, a process that can do nothing else."""

from __future__ import annotations

from xai.jail.child import Child
from xai.jail.limits import Limits

__all__ = ["Child", "Limits"]
