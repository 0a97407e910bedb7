"""What was uploaded, what was asked, how far it is, what came out."""

from __future__ import annotations

from xai.web.models.reports import Report, ReportLink
from xai.web.models.runs import Job, Run, Shard
from xai.web.models.uploads import Upload
from xai.web.models.workers import Worker

__all__ = ["Job", "Report", "ReportLink", "Run", "Shard", "Upload", "Worker"]
