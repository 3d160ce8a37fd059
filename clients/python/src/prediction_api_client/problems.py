"""The exceptions of the client: a problem that the server responded with, or a lost connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


class PredictionApiError(Exception):
    """The base of all exceptions about a request to the server."""


class ConnectionLost(PredictionApiError):
    """No complete response arrived. Whether the server handled the request is not known.

    ``final`` says that another attempt would fail as well, for example because the certificate is not trusted.
    """

    def __init__(self, message: str, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True)
class Violation:
    """One fault of a request, with its place: ``pointer`` in the body, or the name of a ``parameter``."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    code: str | None = None

    def __str__(self) -> str:
        place = self.pointer or self.parameter
        return f"{place} {self.detail}" if place else self.detail


class Problem(PredictionApiError):
    """An error response of the server. Its text names every violation, and the id of the request for the log."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: list[Violation] | None = None,
        *,
        type: str = "about:blank",
        request_id: str | None = None,
        existing_id: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors or [])
        self.type = type
        self.request_id = request_id
        self.existing_id = existing_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        lines = [f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")]
        lines += [f"  {violation}" for violation in self.errors]
        if self.existing_id:
            lines.append(f"  existing id {self.existing_id}")
        if self.request_id:
            lines.append(f"  request id {self.request_id}")
        return "\n".join(lines)


class InvalidRequest(Problem):
    """400 or 422: the request is malformed, or its validation failed. ``errors`` names every fault."""


class Unauthenticated(Problem):
    """401: the token is missing, unknown, revoked or expired."""


class Forbidden(Problem):
    """403: the token's role does not permit the request, or the request names another organisation."""


class NotFound(Problem):
    """404: the resource does not exist, or it belongs to another organisation."""


class Conflict(Problem):
    """409: a name or id is taken, by ``existing_id``, or the resource is still in use."""


class Stale(Problem):
    """412: the resource was changed since it was read."""


class TooManyRequests(Problem):
    """429: the token exceeded its rate limit, also after the retries."""


class Unavailable(Problem):
    """503: the server was overloaded or its database unavailable, also after the retries."""


_KINDS: dict[int, type[Problem]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Stale,
    422: InvalidRequest,
    429: TooManyRequests,
    503: Unavailable,
}


def problem_of(status: int, reason: str, headers: dict[str, str], body: bytes) -> Problem:
    """Returns the problem of an error response, also of one that a proxy made and that is no problem document."""
    document: dict[str, Any] = {}
    if "json" in headers.get("content-type", ""):
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
    if not isinstance(document, dict):
        document = {}
    detail = str(document.get("detail", ""))
    if 300 <= status < 400:
        detail = f"the server redirects to {headers.get('location', 'another address')}: give the client that address"
    known = Violation.__dataclass_fields__
    violations = document.get("errors", [])
    return _KINDS.get(status, Problem)(
        status,
        str(document.get("title", reason or "Error")),
        detail,
        [Violation(**{name: each[name] for name in known if name in each}) for each in violations if "detail" in each],
        type=str(document.get("type", "about:blank")),
        request_id=document.get("request_id") or headers.get("x-request-id"),
        existing_id=document.get("existing_id"),
        retry_after=headers.get("retry-after"),
    )
