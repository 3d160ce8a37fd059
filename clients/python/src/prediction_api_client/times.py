"""Converts times and durations to and from the texts of the API.

A time always has an offset. A time without one would mean another moment on each machine, so it is refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Union

#: A moment: an aware datetime (also a pandas Timestamp), an ISO 8601 text with an offset, or a date, which means
#: 00:00:00 UTC of that day in windows.
Time = Union[datetime, date, str]
#: A duration: a timedelta, a number of seconds, or an ISO 8601 text such as ``PT24H``.
Duration = Union[timedelta, float, str]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:[.,](\d+))?\s*([Zz]|[+-]\d\d:?\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DURATION = re.compile(
    r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE
)


def time_text(time: Time) -> str:
    """Returns the time as the API writes it, in UTC. Raises ``ValueError`` if it has no offset."""
    if isinstance(time, str):
        if _DATE.fullmatch(time):
            return time
        time = parse_time(time)
    if isinstance(time, datetime):
        # NaT of pandas is a datetime that equals nothing.
        if time != time:
            raise ValueError("NaT is not a time")
        if time.utcoffset() is None:
            raise ValueError(_without_offset(time.isoformat()))
        return time.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(time, date):
        return time.isoformat()
    raise ValueError(f"{time!r} is not a time: give a datetime with a time zone, or an ISO 8601 text")


def parse_time(text: str) -> datetime:
    """Returns the moment of an ISO 8601 text, in UTC."""
    parts = _TIME.fullmatch(text.strip())
    if parts is None:
        raise ValueError(f"{text!r} is not an ISO 8601 time such as 2026-06-17T04:00:00Z")
    day, minutes, seconds, fraction, offset = parts.groups()
    if offset is None:
        raise ValueError(_without_offset(text))
    micros = f"{fraction or ''}000000"[:6]
    time = datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}.{micros}")
    if offset in "Zz":
        return time.replace(tzinfo=timezone.utc)
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return time.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift)).astimezone(timezone.utc)


def duration_text(duration: Duration) -> str:
    """Returns the duration as ISO 8601 text. A text is returned as it is, for the server to check."""
    if isinstance(duration, str):
        return duration
    if not isinstance(duration, timedelta):
        duration = timedelta(seconds=duration)
    micros = duration // timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    whole, rest = divmod(micros, 1_000_000)
    return f"{sign}PT{whole}" + (f".{rest:06d}S" if rest else "S")


def parse_duration(text: str) -> timedelta:
    """Returns the length of an ISO 8601 duration of weeks, days, hours, minutes and seconds."""
    parts = _DURATION.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT24H")
    sign, *numbers = parts.groups()
    weeks, days, hours, minutes, seconds = (float(number or 0) for number in numbers)
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if sign == "-" else length


def _without_offset(text: str) -> str:
    return (
        f"the time {text} has no time zone: add one, such as tzinfo=timezone.utc to a datetime, Z to a text, "
        'or .tz_localize("UTC") to the index of a frame'
    )
