"""Builds the queries of requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from .records import Record
from .times import Duration, Time, duration_text, time_text


def pairs(parameters: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Returns the parameters that are given. A list repeats its parameter."""
    found: list[tuple[str, str]] = []
    for name, value in parameters:
        for each in value if isinstance(value, (list, tuple, set, frozenset)) else [value]:
            if each is not None:
                found.append((name, _text(each)))
    return found


def identity(resource: Any) -> str:
    """Returns the id of a record, or the id itself."""
    return str(getattr(resource, "id", None) or resource) if isinstance(resource, Record) else str(resource)


def each_of(resources: Any) -> list[Any]:
    """Returns the resources of an argument, which is one resource, an iterable of several, or ``None``."""
    if resources is None:
        return []
    return list(resources) if _are_several(resources) else [resources]


def ids(resources: Any) -> Any:
    """Returns the id of a resource or a list of the ids of several."""
    if resources is None:
        return None
    return [identity(each) for each in resources] if _are_several(resources) else identity(resources)


def moment(time: Time | None) -> str | None:
    """Returns the text of a time that may be absent."""
    return None if time is None else time_text(time)


def length(duration: Duration | None) -> str | None:
    """Returns the text of a duration that may be absent."""
    return None if duration is None else duration_text(duration)


def edges(durations: str | Iterable[Duration] | None) -> str | None:
    """Returns the text of ascending durations."""
    if durations is None or isinstance(durations, str):
        return durations
    return ",".join(duration_text(each) for each in durations)


def _are_several(resources: Any) -> bool:
    return isinstance(resources, Iterable) and not isinstance(resources, str)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return time_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    return str(value)
