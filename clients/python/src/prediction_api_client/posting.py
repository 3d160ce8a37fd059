"""Builds the bodies of posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .columns import Column, columns, is_points, number
from .results import JobTarget
from .times import time_text


def predictions_body(data: Any, targets: Sequence[JobTarget]) -> dict[str, Any]:
    """Returns the member ``series`` or ``predictions`` of a post for a job with these output roles."""
    if is_points(data):
        return {"predictions": [_prediction(point, index, targets) for index, point in enumerate(data)]}
    return {
        "series": [
            {"role": role_of(each.name, targets), "valid_times": each.times, "values": each.values}
            for each in columns(data)
        ]
    }


def readings_body(data: Any, sensor_id: str | None) -> list[dict[str, Any]]:
    """Returns the readings of a post. Without a ``sensor_id`` the names of columns are the ids of the sensors."""
    if is_points(data):
        return [_reading(point, index, sensor_id) for index, point in enumerate(data)]
    found = columns(data)
    if sensor_id is not None and len(found) != 1:
        raise ValueError(f"the readings of one sensor are one column, but there are {len(found)}")
    return [reading for column in found for reading in _column_readings(column, sensor_id)]


def role_of(name: str | None, targets: Sequence[JobTarget]) -> str:
    """Returns the output role that a column names by its role or by its metric.

    The server refuses a name that is neither, with the roles that there are.
    """
    if name is None:
        if len(targets) == 1:
            return targets[0].role
        raise ValueError(f"the series has no name: name it after one of {', '.join(each.role for each in targets)}")
    if any(each.role == name for each in targets):
        return name
    return next((each.role for each in targets if each.metric == name), name)


def _prediction(point: Mapping[str, Any], index: int, targets: Sequence[JobTarget]) -> dict[str, Any]:
    made = _timed(point, index, "valid_time")
    made["role"] = role_of(made.get("role", made.pop("metric", None)), targets)
    return made


def _reading(point: Mapping[str, Any], index: int, sensor_id: str | None) -> dict[str, Any]:
    made = _timed(point, index, "time")
    if sensor_id is not None:
        made.setdefault("sensor_id", sensor_id)
    return made


def _timed(point: Mapping[str, Any], index: int, time: str) -> dict[str, Any]:
    """Returns a copy of a point in the form of the API. The server reports members that are missing or unknown."""
    made = dict(point)
    if time in made:
        made[time] = time_text(made[time])
    if "value" in made:
        made["value"] = number(made["value"], f"the value of point {index}")
    return made


def _column_readings(column: Column, sensor_id: str | None) -> Iterator[dict[str, Any]]:
    sensor = sensor_id or column.name
    if sensor is None:
        raise ValueError("the readings name no sensor: give one, or name the series after its id")
    for time, value in zip(column.times, column.values):
        yield {"sensor_id": sensor, "time": time, "value": value}
