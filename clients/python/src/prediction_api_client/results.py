"""The records that the client returns. The OpenAPI document of the server describes each member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .records import Record, each_as
from .times import parse_duration, parse_time


@dataclass
class RoleBinding(Record):
    """The sensor, location or source that is bound to an input role of a job."""

    role: str
    input_type: str
    input_id: str


@dataclass
class JobTarget(Record):
    """An output role that a job predicts."""

    role: str
    metric: str
    unit: str | None
    required: bool


@dataclass
class Health(Record):
    """The health of a job: ``on_time``, ``late``, ``down``, ``failed``, ``new``, ``paused`` or ``unmonitored``."""

    decoders = {
        "since": parse_time,
        "last_issue_time": parse_time,
        "expected_by": parse_time,
        "covers_until": parse_time,
    }

    state: str
    since: datetime
    last_issue_time: datetime | None
    expected_by: datetime | None
    covers_until: datetime | None
    covers_now: bool
    message: str | None


@dataclass
class Job(Record):
    """A source version that is set up for an organisation. ``track`` is ``shadow`` for a version on trial."""

    decoders = {
        "role_bindings": each_as(RoleBinding),
        "job_targets": each_as(JobTarget),
        "health": Health.read,
        "created_at": parse_time,
        "updated_at": parse_time,
    }

    id: str
    name: str
    active: bool
    organisation_id: str
    source_id: str
    source_version_id: str
    location_id: str | None
    track: str | None
    role_bindings: list[RoleBinding]
    job_targets: list[JobTarget]
    health: Health
    created_at: datetime
    updated_at: datetime


@dataclass
class Sensor(Record):
    """A sensor, which yields readings of one metric."""

    id: str
    name: str
    metric: str
    unit: str | None
    organisation_id: str
    location_id: str | None


@dataclass
class Location(Record):
    """A named point."""

    id: str
    name: str
    latitude: float
    longitude: float
    elevation: float | None
    organisation_id: str


@dataclass
class Prediction(Record):
    """One predicted value of a series. ``raw`` is empty, because the server sends the series and no object of it."""

    decoders = {"valid_time": parse_time, "issue_time": parse_time, "available_at": parse_time}

    metric: str
    value: float
    unit: str | None
    valid_time: datetime
    issue_time: datetime
    available_at: datetime
    stage: str | None
    track: str | None
    source: str
    source_version: str
    job_id: str | None
    location_id: str | None

    @property
    def lead(self) -> timedelta:
        """The lead time: how long before its valid time the value was predicted."""
        return self.valid_time - self.issue_time


@dataclass
class Score(Record):
    """The accuracy of one source version for one range of lead times. ``raw`` has the scores without a field here."""

    decoders = {"lead_from": parse_duration, "lead_to": parse_duration}

    metric: str
    unit: str | None
    source: str
    source_version: str
    stage: str | None
    track: str | None
    job_id: str | None
    location_id: str | None
    lead_from: timedelta
    lead_to: timedelta
    hour: str | None
    day: str | None
    week: str | None
    month: str | None
    pairs: int
    without_reading: int
    without_prediction: int
    bias: float | None
    mae: float | None
    rmse: float | None
    r2: float | None
    reference_mae: float | None
    skill_mae: float | None


@dataclass
class Counts(Record):
    """The result of a post. ``skipped`` counts the gaps (NaN and ``None``) that were left out."""

    stored: int
    revised: int
    unchanged: int
    withdrawn: int
    skipped: int
    fresh: bool | None


@dataclass
class JobRun(Record):
    """A reported run of a job."""

    decoders = {"available_at": parse_time}

    id: str
    status: str
    message: str | None
    available_at: datetime
