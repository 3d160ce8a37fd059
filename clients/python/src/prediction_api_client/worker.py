"""Runs a function for each job of a source version, once or at intervals."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable

from .inputs import Inputs
from .problems import ConnectionLost, PredictionApiError, Problem
from .results import Counts, Job
from .stop import Stop
from .times import Time

if TYPE_CHECKING:
    from .client import Client

_log = logging.getLogger("prediction_api_client.worker")


@dataclass
class Forecast:
    """The predictions of one issue. A function returns it to name the issue time, the stage or its parameters."""

    data: Any
    issue_time: Time | None = None
    stage: str | None = None
    parameters: Mapping[str, Any] | None = None


@dataclass
class JobResult:
    """The result of one job in a turn: the counts of its posts, or the error with which it failed."""

    job: Job
    posts: list[Counts] = field(default_factory=list)
    error: Exception | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.job.name}: failed: {self.error}"
        stored, unchanged = (sum(getattr(each, name) for each in self.posts) for name in ("stored", "unchanged"))
        return f"{self.job.name}: {stored} stored, {unchanged} unchanged"


class Worker:
    """Fetches the jobs of its service, calls the function with each job and its inputs, and posts what it returns.

    The function returns anything that ``Client.post`` takes, a ``Forecast``, a list of them, or ``None`` if there is
    nothing to predict. An exception is reported as the failed run of its job, and the next job follows.
    """

    def __init__(
        self,
        client: Client,
        service: str,
        every: timedelta,
        look_back: timedelta,
        look_ahead: timedelta,
        code: str | None,
    ) -> None:
        if every <= timedelta(0):
            raise ValueError("the interval of a worker must be longer than nothing")
        self._client = client
        self._service = service
        self._every = every
        self._window = (look_back, look_ahead)
        self._code = code
        self._function: Callable[[Job, Inputs], Any] | None = None
        #: The stops of the runs in progress, in whichever threads they are.
        self._runs: list[Stop] = []

    def __call__(self, function: Callable[[Job, Inputs], Any]) -> Worker:
        """Sets the function that predicts, as a decorator."""
        self._function = function
        return self

    def run_once(self, at: datetime | None = None) -> list[JobResult]:
        """Runs each job once and returns the results, for cron. Raises if the jobs cannot be fetched.

        With ``at`` the jobs run as they would have at that time, with the inputs that were known then. It is the issue
        time of the predictions.
        """
        with self._run_in_progress() as stop:
            return self._run_jobs(stop, at)

    def run_forever(self) -> None:
        """Runs the jobs at each interval until SIGTERM or ``stop``. The job in progress is finished before.

        SIGTERM ends the worker of the main thread. Workers in other threads end with their ``stop``.

        A turn in which the server cannot be reached is skipped. Another error in fetching the jobs, such as a revoked
        token, ends the worker.
        """
        with self._run_in_progress() as stop, _stopped_by_signal(stop.set):
            due = time.monotonic()
            while not stop.is_set():
                try:
                    self._run_jobs(stop)
                except PredictionApiError as error:
                    if not _is_temporary(error):
                        raise
                    _log.error("this turn is skipped: %s", error)
                due = max(due + self._every.total_seconds(), time.monotonic())
                stop.wait(due - time.monotonic())

    def stop(self) -> None:
        """Ends ``run_forever`` and ``run_once`` of this worker after the job in progress.

        Their waits for retries end at once. Other workers and requests of the client go on. While the worker does not
        run, the call has no effect.
        """
        for each in list(self._runs):
            each.set()

    @contextmanager
    def _run_in_progress(self) -> Iterator[Stop]:
        """Gives a run its stop, which ends the waits of its requests."""
        stop = Stop()
        self._runs.append(stop)
        try:
            with stop.ends_pauses():
                yield stop
        finally:
            self._runs.remove(stop)

    def _run_jobs(self, stop: Stop, at: datetime | None = None) -> list[JobResult]:
        if self._function is None:
            raise RuntimeError("the worker has no function: decorate one with it")
        version = self._client.service_id(self._service)
        results: list[JobResult] = []
        for job in self._client.service_jobs(version):
            if stop.is_set():
                break
            result = JobResult(job)
            results.append(result)
            try:
                self._run(job, version, self._function, result, at)
            except Exception as error:
                result.error = error
                # A job that the stop interrupted while it waited for the server has not failed.
                if not (stop.is_set() and _is_temporary(error)):
                    self._report(job, version, error)
            _log.log(logging.INFO if result.error is None else logging.ERROR, "%s", result)
        return results

    def _run(
        self,
        job: Job,
        version: str,
        function: Callable[[Job, Inputs], Any],
        result: JobResult,
        at: datetime | None,
    ) -> None:
        now = at or datetime.now(timezone.utc)
        back, ahead = self._window
        inputs = self._client.inputs(job, now - back, now + ahead, as_of=at, source_version_id=version)
        returned = function(job, inputs)
        if returned is None:
            self._client.report(job, "ok", "nothing to predict", source_version_id=version)
            return
        for forecast in _forecasts(returned):
            counts = self._client.post(
                job,
                forecast.data,
                issue_time=now if forecast.issue_time is None else forecast.issue_time,
                stage=forecast.stage,
                source_version_id=version,
                run=inputs.run(code=self._code, parameters=forecast.parameters),
            )
            result.posts.append(counts)

    def _report(self, job: Job, version: str, error: Exception) -> None:
        """Reports a failed run."""
        try:
            message = str(error) or type(error).__name__
            self._client.report(job, "failed", message, source_version_id=version)
        except PredictionApiError as failure:
            _log.error("%s: the failed run could not be reported: %s", job.name, failure)


def _forecasts(returned: Any) -> list[Forecast]:
    if isinstance(returned, Forecast):
        return [returned]
    if isinstance(returned, list) and returned and all(isinstance(each, Forecast) for each in returned):
        return returned
    return [Forecast(returned)]


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, ConnectionLost):
        return not error.final
    return isinstance(error, Problem) and (error.status >= 500 or error.status in (408, 429))


@contextmanager
def _stopped_by_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Calls ``stop`` at SIGTERM. Python takes signals in the main thread only, so other threads call it themselves."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
