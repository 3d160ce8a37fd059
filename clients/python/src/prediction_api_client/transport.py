"""Sends requests over reused connections, with retries. It knows HTTP, but none of the resources."""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import platform
import re
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from .problems import ConnectionLost, PredictionApiError, problem_of
from .retries import Retries
from .stop import pause
from .version import VERSION

#: Servers and proxies close idle connections after 60 seconds or more. A younger one is still open.
IDLE_SECONDS = 30.0
#: The most idle connections. Each request that must not be repeated adds one, and so does each thread.
MOST_IDLE = 8
#: http.client refuses other characters only when the request is sent, where the refusal is taken for a lost connection.
_TARGET = re.compile(r"[!-~]+")
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_log = logging.getLogger("prediction_api_client")


@dataclass(frozen=True)
class Response:
    """A response without an error."""

    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Returns the decoded body, or ``None`` if there is none."""
        return json.loads(self.body) if self.body else None

    def next_query(self) -> str | None:
        """Returns the query of the next page.

        The path of the link is not used, because a proxy may serve the API under another one.
        """
        link = _NEXT.search(self.headers.get("link", ""))
        return urlsplit(link.group(1)).query if link else None


class Transport:
    """Exchanges requests and responses with one server. Threads may share it."""

    def __init__(self, url: str, token: str | None, timeout: float, cafile: str | None, retries: Retries) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("the url must be http://HOST or https://HOST, without a user name or a password")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        if self.url.endswith("/api/v1"):
            self.url = self.url[: -len("/api/v1")]
        self._root = urlsplit(self.url).path + "/api/v1/"
        self._host, self._port = parts.hostname, parts.port
        self._tls = ssl.create_default_context(cafile=cafile) if parts.scheme == "https" else None
        self._timeout = timeout
        self._retries = retries
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"prediction-api-client/{VERSION} Python/{platform.python_version()}",
        }
        token = (token or "").strip()
        # A refusal of http.client would show the token.
        if not re.fullmatch(r"[!-~]*", token):
            raise ValueError("the token has a character that no token contains")
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def send(self, method: str, path: str, query: str | list[tuple[str, str]], body: Any, repeatable: bool) -> Response:
        """Returns the response to a request to ``path`` below the API's root, after retries if they are needed."""
        encoded = query if isinstance(query, str) else urlencode(query)
        target = self._root + path + ("?" + encoded if encoded else "")
        if not _TARGET.fullmatch(target):
            raise ValueError(f"{target!r} has a space or another character that must be percent-encoded")
        data = None if body is None else json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._exchange(method, target, data, repeatable)
            except PredictionApiError as failure:
                wait = self._retries.wait(attempt, failure, repeatable)
                if wait is None:
                    raise
                _log.info("%s %s is sent again in %.1f s: %s", method, path, wait, str(failure).splitlines()[0])
                if pause(wait):
                    raise

    def close(self) -> None:
        """Closes the connections that wait for a next request."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _exchange(self, method: str, target: str, data: bytes | None, repeatable: bool) -> Response:
        headers = dict(self._headers)
        if data is not None:
            headers["Content-Type"] = "application/json"
        connection = self._connection(repeatable)
        try:
            try:
                connection.request(method, target, body=data, headers=headers)
            except (BrokenPipeError, ConnectionResetError):
                # The server may have refused a large body before its end. Its response says why.
                if connection.sock is None:
                    raise
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            reason = str(error) or type(error).__name__
            final = isinstance(error, ssl.SSLCertVerificationError)
            raise ConnectionLost(f"no response from {self.url}: {reason}", final) from error
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._store(connection)
        fields = {name.lower(): value for name, value in answer.getheaders()}
        if fields.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if not 200 <= answer.status < 300:
            raise problem_of(answer.status, answer.reason, fields, body)
        return Response(fields, body)

    def _store(self, connection: http.client.HTTPConnection) -> None:
        """Stores a connection for a next request, and closes those that are too old or too many."""
        now = time.monotonic()
        with self._lock:
            self._idle.append((now, connection))
            young = [each for each in self._idle if now - each[0] < IDLE_SECONDS][-MOST_IDLE:]
            surplus = self._idle[: len(self._idle) - len(young)]
            self._idle = young
        for _, each in surplus:
            each.close()

    def _connection(self, repeatable: bool) -> http.client.HTTPConnection:
        """Returns a connection. An idle one may be lost without notice, so only a repeatable request gets it."""
        with self._lock:
            while self._idle and repeatable:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS:
                    return connection
                connection.close()
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
