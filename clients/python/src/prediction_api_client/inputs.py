"""The inputs of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import frames
from .results import Location, Sensor
from .series import PredictionSeries, Series, SeriesList, times_of
from .times import parse_time, time_text

if TYPE_CHECKING:
    import pandas


@dataclass
class Input:
    """The sensor with its readings, the location, or the source with its predictions that is bound to an input role."""

    role: str
    kind: str
    metric: str | None
    unit: str | None
    sensor: Sensor | None
    location: Location | None
    readings: Series | None
    predictions: SeriesList[PredictionSeries]


@dataclass
class Run:
    """Says which inputs, code and parameters made predictions. The lineage of each value returns it."""

    inputs_as_of: datetime | None = None
    inputs_from: datetime | None = None
    inputs_to: datetime | None = None
    id: str | None = None
    code: str | None = None
    parameters: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """Returns the member ``run`` of a post."""
        members = {name: value for name, value in vars(self).items() if value is not None}
        return {name: time_text(value) if isinstance(value, datetime) else value for name, value in members.items()}


@dataclass
class Inputs:
    """The inputs of a job in the window from ``start`` up to but not including ``end``, as known at ``as_of``.

    ``inputs["temperature"]`` is the series of a role.
    """

    job_id: str
    start: datetime
    end: datetime
    as_of: datetime
    roles: dict[str, Input]

    def __getitem__(self, role: str) -> Series:
        if role not in self.roles:
            raise KeyError(f"no input is bound to the role {role}; the roles are: {', '.join(self.roles)}")
        found = self.roles[role]
        if found.readings is not None:
            return found.readings
        if found.kind == "location":
            raise ValueError(f"the role {role} is a location, which has no values: see roles[{role!r}].location")
        return found.predictions.only

    def __contains__(self, role: object) -> bool:
        return role in self.roles

    def run(
        self, *, id: str | None = None, code: str | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Run:
        """Returns the description of a run that used these inputs, for a post."""
        return Run(self.as_of, self.start, self.end, id, code, parameters)

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a DataFrame with the readings of each sensor role as a column, on the union of their times."""
        sensors = {role: each.readings for role, each in self.roles.items() if each.readings is not None}
        return frames.joined({role: readings.to_pandas() for role, readings in sensors.items()})


def read_inputs(raw: Mapping[str, Any]) -> Inputs:
    """Returns the inputs of a response."""
    roles: list[Input] = [_input(each) for each in raw["inputs"]]
    start, end, as_of = (parse_time(raw[name]) for name in ("from", "to", "as_of"))
    return Inputs(raw["job_id"], start, end, as_of, {each.role: each for each in roles})


def _input(raw: Mapping[str, Any]) -> Input:
    role, unit = raw["role"], raw.get("unit")
    readings = raw.get("readings")
    return Input(
        role=role,
        kind=raw["input_kind"],
        metric=raw.get("metric"),
        unit=unit,
        sensor=Sensor.read(raw["sensor"]) if "sensor" in raw else None,
        location=Location.read(raw["location"]) if "location" in raw else None,
        readings=Series(times_of(readings, "times"), readings["values"], role, unit) if readings else None,
        predictions=SeriesList(PredictionSeries.read(each) for each in raw.get("predictions", [])),
    )
