"""The shapes of what programs send and get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from xai.web.tokens import DAYS_MOST

Purpose = Literal["model", "dataset"]
UploadState = Literal["uploading", "checking", "ready", "refused"]
RunState = Literal["waiting", "queued", "running", "done", "partial", "failed", "cancelled"]
_ROWS = "all, first:100, sample:100, 0:100, or 3,7,12 (counted from 0)"
_REPLACER = "Id or SHA-256 of a masked language model, which lends words to a method."
_EXTERNAL = "Id or SHA-256 of a second dataset, for the analyses that want one."
Sha = Annotated[str, Field(pattern="^([0-9a-fA-F]{64})?$")]
"""SHA-256 in hexadecimal, or empty."""
Words = Annotated[str, Field(max_length=300)]
Number = float | None
"""None where it is not defined."""


class Asked(Schema):
    """What is sent; a name that is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class UploadAsked(Asked):
    name: Annotated[str, Field(min_length=1, max_length=1000)]
    size: Annotated[int, Field(ge=1, le=2**62, description="Bytes.")]
    purpose: Purpose
    sha256: Sha = ""


class UploadTold(Schema):
    id: UUID
    purpose: Purpose
    name: str
    size: int
    received: int = Field(description="The byte expected next, while uploading.")
    sha256: str
    state: UploadState
    refusal: str = Field(description="One sentence, when refused.")
    facts: dict[str, Any] = Field(description="What inspection found.")
    created: datetime
    part_bytes: int = Field(description="A part may have as many bytes.")


class UploadList(Schema):
    count: int
    items: list[UploadTold]


class Offset(Schema):
    offset: int = Field(description="The byte expected next.")


class Fitting(Schema):
    """Whether two files go together, by what inspection found."""

    id: UUID
    name: str
    is_fitting: bool
    reason: str
    label: str
    text: str
    pair: str
    continuation: str


class MethodAsked(Asked):
    slug: Annotated[str, Field(max_length=40)]
    params: dict[str, Any] = {}


class RunAsked(Asked):
    """What is left out is guessed as the page guesses it."""

    model: Annotated[str, Field(max_length=64, description="Id or SHA-256 of a file of yours.")]
    dataset: Annotated[str, Field(max_length=64, description="Id or SHA-256.")]
    methods: Annotated[list[MethodAsked], Field(max_length=50)] = []
    rows: Annotated[str, Field(max_length=2000, description=_ROWS)] = "sample:100"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    target: Words | None = None
    label: Words | None = None
    features: Annotated[list[Words], Field(max_length=10_000)] | None = None
    background: Annotated[int, Field(ge=1, le=1000)] | None = None
    text: Words | None = None
    pair: Words | None = None
    continuation: Words | None = None
    tokens: Annotated[int, Field(ge=1, le=256)] | None = None
    score: Words | None = None
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    replacer: Annotated[str, Field(max_length=64, description=_REPLACER)] | None = None
    analyses: Annotated[list[Words], Field(max_length=20)] = []
    external: Annotated[str, Field(max_length=64, description=_EXTERNAL)] = ""


class MethodCost(Schema):
    slug: str
    evaluations: int
    seconds: float


class Cost(Schema):
    """Before the start: model evaluations and seconds, by method and together."""

    methods: list[MethodCost]
    measuring: MethodCost = Field(description="Measuring how faithful the methods are.")
    analyses: MethodCost = Field(description="What is asked beside the methods.")
    evaluations: int
    seconds: float


class FileNamed(Schema):
    id: UUID
    name: str
    sha256: str


class JobTold(Schema):
    role: str
    method: str
    title: str
    state: RunState
    error: str
    done: int = Field(description="Model evaluations.")
    planned: int
    shards_done: int
    shards: int
    per_second: Number
    seconds_left: Number
    is_reused: bool


class RunTold(Schema):
    id: UUID
    state: RunState
    is_over: bool
    has_results: bool
    model: FileNamed
    dataset: FileNamed
    recipe: dict[str, Any]
    created: datetime
    started: datetime | None
    finished: datetime | None
    url: str = Field(description="The page for people.")


class RunShown(RunTold):
    jobs: list[JobTold]
    seconds_left: Number


class RunList(Schema):
    count: int
    items: list[RunTold]


class EditAsked(Asked):
    """A text to explain in the place of the dataset, as the run explains its own."""

    text: Annotated[str, Field(max_length=20_000)]
    pair: Annotated[str, Field(max_length=20_000)] = ""
    continuation: Annotated[str, Field(max_length=20_000)] = ""


class Prediction(Schema):
    sample: int = Field(description="Row of the dataset, counted from 0.")
    target: str
    value: Number
    probability: Number
    label: str | None
    predicted: str
    is_correct: bool | None


class SampleList(Schema):
    count: int
    outputs: list[str]
    unit: str
    items: list[Prediction]


class Explanation(Schema):
    """What one method says of one output of one sample."""

    method: str
    title: str
    target: str
    output: int = Field(description="Number of the written token; 0 where there is one output.")
    names: list[str] = Field(description="One per value; empty for a picture.")
    values: list[Number]
    shape: list[int]
    base: Number
    errors: list[Number] | None = Field(description="Standard errors, where estimated.")


class SampleShown(Schema):
    prediction: Prediction
    explanations: list[Explanation]


class Importance(Schema):
    """How much one method relies on every feature, over all samples."""

    method: str
    title: str
    variant: str
    unit: str
    names: list[str]
    values: list[Number]


class Said(Schema):
    topic: str
    tone: str
    text: str
    page: str


class Overview(Schema):
    """The verdict in sentences, and importance by every method."""

    kind: str
    problem: str
    sentences: list[Said]
    importance: list[Importance]


class BundleFile(Schema):
    name: str
    size: int
    sha256: str


class ReportAsked(Asked):
    title: Words = ""
    sections: Annotated[list[Words], Field(max_length=50, description="Empty: all.")] = []
    samples: Annotated[str, Field(max_length=2000, description="Rows, such as 3,7,10:20.")] = ""
    files: list[Literal["report.pdf", "bundle.zip"]] = []


class ReportTold(Schema):
    id: UUID
    run: UUID
    title: str
    state: Literal["queued", "running", "done", "failed"]
    error: str
    files: list[BundleFile]
    created: datetime
    finished: datetime | None


class LinkAsked(Asked):
    days: Literal["", "7", "30", "365"] = Field("", description="Empty: until it is revoked.")


class LinkTold(Schema):
    id: int
    url: str
    expires: datetime | None


class TokenAsked(Asked):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    days: Annotated[int, Field(ge=1, le=DAYS_MOST)] | None = Field(
        90, description="None: for good."
    )


class TokenTold(Schema):
    id: UUID
    name: str
    start: str
    state: Literal["valid", "expired", "revoked"]
    created: datetime
    expires: datetime | None
    last_used: datetime | None


class TokenMade(TokenTold):
    secret: str = Field(description="Shown this once.")


class ParameterTold(Schema):
    name: str
    kind: str
    default: Any
    help: str
    low: Number
    high: Number
    choices: list[str]


class MethodTold(Schema):
    slug: str
    title: str
    family: str
    scope: str
    summary: str
    cost: str
    needs: list[str]
    is_recommended: bool
    parameters: list[ParameterTold]


class ExampleTold(Schema):
    slug: str
    title: str
    files: list[UploadTold]
    run: UUID | None


class About(Schema):
    version: str
    mode: str
    user: str
    isolation: str
    max_file: int
    part_bytes: int
    one_shot_bytes: int
    quota_bytes: int
    used_bytes: int
    quota_files: int
    used_files: int
