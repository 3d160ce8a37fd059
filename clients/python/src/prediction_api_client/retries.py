"""Decides whether and when a request is sent again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from .problems import ConnectionLost, PredictionApiError, Problem

#: The server refused the request before it changed anything, so that any request may be sent again.
_REFUSED = 429
#: The request may have been handled in part. Only a request that is safe to repeat is sent again.
_UNKNOWN = (408, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """Bounds the retries of a request.

    A response with ``Retry-After`` is waited for as long as it says. Without the header the waits double from
    ``first_wait`` up to ``longest_wait`` seconds, shortened at random so that many clients do not return together.
    A ``Retry-After`` longer than ``longest_wait`` ends the retries, because an earlier attempt would fail.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 60.0

    def wait(self, attempt: int, failure: PredictionApiError, repeatable: bool) -> float | None:
        """Returns the seconds until the next attempt after the failed ``attempt`` (from 1), or ``None`` for no more."""
        if attempt >= self.attempts or not _may_repeat(failure, repeatable):
            return None
        asked = _seconds(failure.retry_after) if isinstance(failure, Problem) and failure.retry_after else None
        if asked is not None:
            return asked if asked <= self.longest_wait else None
        return min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def _may_repeat(failure: PredictionApiError, repeatable: bool) -> bool:
    if isinstance(failure, Problem):
        return failure.status == _REFUSED or (repeatable and failure.status in _UNKNOWN)
    return repeatable and not (isinstance(failure, ConnectionLost) and failure.final)


def _seconds(header: str) -> float | None:
    """Returns the seconds of a ``Retry-After`` header, which is a number or a date."""
    if header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())
