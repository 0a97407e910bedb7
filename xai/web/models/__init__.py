"""What was uploaded, what was asked, how far it is, what came out."""

from __future__ import annotations

from xai.web.models.reports import Report, ReportLink
from xai.web.models.runs import Job, Run, Shard
from xai.web.models.studies import Ballot, Guest, Invitation, Study
from xai.web.models.tokens import Token
from xai.web.models.uploads import Upload
from xai.web.models.workers import Worker

__all__ = ["Ballot", "Guest", "Invitation", "Job", "Report", "ReportLink", "Run", "Shard", "Study",
           "Token", "Upload", "Worker"]  # fmt: skip
