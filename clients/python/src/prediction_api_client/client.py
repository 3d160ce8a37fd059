"""The client: one method for each task. ``Client.call`` sends any other request of the API."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable, Union
from urllib.parse import quote

from .inputs import Inputs, Run, read_inputs
from .posting import predictions_body, readings_body
from .query import each_of, edges, identity, ids, length, moment, pairs
from .records import Rows
from .results import Counts, Job, JobRun, Prediction, Score, Sensor
from .retries import Retries
from .series import LatestSeries, PredictionSeries, Series, SeriesList, merge, times_of
from .times import Duration, Time, parse_time, time_text
from .transport import Transport
from .worker import Worker

if TYPE_CHECKING:
    from .columns import Data

#: A job, or its id.
JobOrId = Union[Job, str, uuid.UUID]
#: The most rows of a page, so that a list takes few requests.
PAGE = 10_000
#: The readings of one post. The server takes 100,000 of them, and 16 MiB.
READINGS = 50_000


class Client:
    """Reads from and posts to one server.

    ``url`` is the address of the server, with the base path if a reverse proxy serves it under one. Connections are
    reused, and threads may share a client. ``timeout`` is the longest wait for the next bytes, in seconds.
    ``cafile`` names a file with the certificates that are trusted instead of the system's.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        cafile: str | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._transport = Transport(url, token, timeout, cafile, retries or Retries())

    def __repr__(self) -> str:
        return f"Client({self._transport.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that wait for a next request."""
        self._transport.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        *,
        repeatable: bool | None = None,
    ) -> Any:
        """Sends a request to a path below ``/api/v1/`` and returns the decoded JSON of the response.

        ``repeatable`` says whether the request may be sent again if no response arrives. The default is yes for GET.
        Raises ``ValueError`` if the path has a character that must be percent-encoded, such as a space.
        """
        repeat = method == "GET" if repeatable is None else repeatable
        return self._transport.send(method, path.lstrip("/"), pairs((query or {}).items()), body, repeat).json()

    def jobs(self, name: str | None = None, **query: Any) -> Rows[Job]:
        """Returns the jobs that the token may see, with the given name, or all of them.

        ``query`` are other filters: ``organisation_id``, ``source_id``, ``source_version_id``, ``active``, ``health``
        and ``target_health``.
        """
        return Rows(Job, self._read_all("jobs", Job.read, name=name, **query))

    def job(self, job: JobOrId) -> Job:
        """Returns the job of an id or a name. Raises ``LookupError`` if no job or several have the name."""
        text = identity(job)
        if _is_id(text):
            return Job.read(self.call("GET", f"jobs/{text}"))
        found = self.jobs(name=text)
        if len(found) != 1:
            raise LookupError(f"{len(found)} jobs have the name {text}" + (": use the id" if found else ""))
        return found[0]

    def service_jobs(self, service: str) -> Rows[Job]:
        """Returns the active jobs of a source version, given by its id or as ``NAME@VERSION``."""
        return Rows(Job, self._read_all(f"jobs/service/{self.service_id(service)}", Job.read))

    def service_id(self, service: str) -> str:
        """Returns the id of a source version, given by its id or as ``NAME@VERSION``.

        Raises ``LookupError`` if there is none. A name alone is enough if the source has one version only.
        """
        if _is_id(service):
            return service
        name, _, label = service.partition("@")
        sources = self._read_all("sources", dict, name=name)
        versions = [
            each for source in sources for each in self._read_all("source_versions", dict, source_id=source["id"])
        ]
        found = [str(each["id"]) for each in versions if label in ("", each["version"])]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"{name}@{each['version']}" for each in versions)
        raise LookupError(f"{service} names no single source version" + (f"; there are {known}" if known else ""))

    def inputs(
        self,
        job: JobOrId,
        start: Time | None = None,
        end: Time | None = None,
        *,
        as_of: Time | None = None,
        track: str | None = None,
        source_version_id: str | None = None,
    ) -> Inputs:
        """Returns the inputs of a job in a window, by default from one day before now until one day after.

        With ``as_of`` they are as they were known then.
        """
        query = {"as_of": moment(as_of), "track": track, "source_version_id": source_version_id, **_window(start, end)}
        return read_inputs(self.call("GET", f"jobs/{self._job_id(job)}/inputs", query=query))

    def predictions(
        self,
        job: JobOrId | Iterable[JobOrId] | None = None,
        metric: str = "all",
        start: Time | None = None,
        end: Time | None = None,
        *,
        location: Any | None = None,
        as_of: Time | None = None,
        min_lead: Duration | None = None,
        max_lead: Duration | None = None,
        issue_time: Time | None = None,
        issues: str | None = None,
        max_points: int | None = None,
        **query: Any,
    ) -> SeriesList[PredictionSeries]:
        """Returns the predictions of a job or location in a window, by default those of the next 24 hours.

        Each valid time has its newest issue. ``as_of``, the lead times and ``issue_time`` filter the issues before.
        ``issues="all"`` returns every issue as a series of its own. ``max_points`` thins each series for a chart,
        and permits several jobs. ``query`` are other filters: ``source``, ``source_version``, ``stage`` and ``track``.
        """
        parameters = {
            "shape": "series",
            "metric": metric,
            "job_id": self._job_ids(job),
            "location_id": ids(location),
            "as_of": moment(as_of),
            "min_lead": length(min_lead),
            "max_lead": length(max_lead),
            "issue_time": moment(issue_time),
            "issues": issues,
            "max_points": max_points,
            "limit": None if max_points else PAGE,
            **query,
        }
        found = self._read_all("predictions", PredictionSeries.read, **parameters, **_window(start, end))
        return merge(found, _issue_key if issues == "all" else _series_key)

    def history(self, job: JobOrId | None, metric: str, valid_time: Time, **query: Any) -> Rows[Prediction]:
        """Returns every issue that predicted one valid time, in the order in which they were issued."""
        start = parse_time(time_text(valid_time))
        end = start + timedelta(microseconds=1)
        found = self.predictions(job, metric, start, end, issues="all", **query).predictions()
        found.sort(key=lambda each: (each.issue_time, each.available_at))
        return found

    def latest(
        self,
        job: JobOrId | Iterable[JobOrId] | None = None,
        *,
        location: Any | None = None,
        metric: str | None = None,
        at: Time | None = None,
        **query: Any,
    ) -> SeriesList[LatestSeries]:
        """Returns the newest issue of each series of jobs or locations. With ``at`` it is the value valid then."""
        parameters = {
            "job_id": self._job_ids(job),
            "location_id": ids(location),
            "metric": metric,
            "at": moment(at),
            **query,
        }
        found = self.call("GET", "predictions/latest", query=parameters)
        return SeriesList(LatestSeries.read(each) for each in found)

    def accuracy(
        self,
        metric: str,
        job: JobOrId | Iterable[JobOrId] | None = None,
        start: Time | None = None,
        end: Time | None = None,
        *,
        location: Any | None = None,
        lead_edges: str | Iterable[Duration] | None = None,
        reference: str | None = None,
        **query: Any,
    ) -> Rows[Score]:
        """Returns the scores of each source version and range of lead times, by default of the last 30 days.

        ``query`` are the other parameters of ``GET /accuracy``, such as ``truth``, ``by``, ``source`` and ``issues``.
        """
        parameters = {
            "metric": metric,
            "job_id": self._job_ids(job),
            "location_id": ids(location),
            "lead_edges": edges(lead_edges),
            "reference": reference,
            **query,
        }
        return Rows(Score, self._read_all("accuracy", Score.read, **parameters, **_window(start, end)))

    def sensors(self, name: str | None = None, **query: Any) -> Rows[Sensor]:
        """Returns the sensors that the token may see, with the given name, or all of them.

        ``query`` are other filters: ``organisation_id``, ``location_id`` and ``metric``.
        """
        return Rows(Sensor, self._read_all("sensors", Sensor.read, name=name, **query))

    def readings(
        self,
        sensor: Sensor | str | uuid.UUID,
        start: Time | None = None,
        end: Time | None = None,
        *,
        as_of: Time | None = None,
        max_points: int | None = None,
    ) -> Series:
        """Returns the readings of a sensor, given as a record or an id, by default all of them.

        With ``as_of`` they are as they were known then.
        """
        path = f"sensors/{quote(identity(sensor), safe='')}/readings"
        limit = None if max_points else PAGE
        parameters = {"as_of": moment(as_of), "max_points": max_points, "limit": limit, **_window(start, end)}
        found = Series([], [])
        for page in self._pages(path, {"shape": "series", **parameters}):
            found.name, found.unit = page["metric"], page.get("unit")
            found.times += times_of(page, "times")
            found.values += page["values"]
        return found

    def post(
        self,
        job: JobOrId,
        data: Data,
        *,
        issue_time: Time | None = None,
        stage: str | None = None,
        source_version_id: str | None = None,
        gaps: str | None = "skip",
        run: Run | None = None,
    ) -> Counts:
        """Posts the predictions of one run for a job. All of them are stored, or none.

        The names of series and columns are output roles of the job, or their metrics. Gaps (NaN and ``None``) are left
        out and counted as ``skipped``. With ``gaps="withdraw"`` they withdraw stored values instead. Give the
        ``issue_time``, so that the post can be sent again if no response arrives. Without it, such a post is not
        repeated, because it would be another issue.
        """
        chosen = job if isinstance(job, Job) and not source_version_id else self._contract(job, source_version_id)
        body: dict[str, Any] = {"job_id": chosen.id, **predictions_body(data, chosen.job_targets)}
        about = {"issue_time": moment(issue_time), "stage": stage, "source_version_id": source_version_id}
        body.update({name: value for name, value in about.items() if value is not None})
        if run is not None:
            body["run"] = run.body()
        return Counts.read(self.call("POST", "predictions", body, {"gaps": gaps}, repeatable=issue_time is not None))

    def post_readings(
        self,
        data: Data,
        sensor: Sensor | str | uuid.UUID | None = None,
        *,
        gaps: str | None = "skip",
    ) -> Counts:
        """Posts readings of one sensor, or of the sensors whose ids are the names of the series or columns.

        Each part of 50,000 readings is stored as a whole. If a part is refused, those before it are stored, and the
        whole call can be repeated: stored readings count as unchanged.
        """
        readings = readings_body(data, ids(sensor))
        total: dict[str, int] = {}
        for first in range(0, max(len(readings), 1), READINGS):
            part = readings[first : first + READINGS]
            for name, count in self.call("POST", "readings", part, {"gaps": gaps}, repeatable=True).items():
                total[name] = total.get(name, 0) + count
        return Counts.read(total)

    def report(
        self,
        job: JobOrId,
        status: str,
        message: str | None = None,
        *,
        source_version_id: str | None = None,
    ) -> JobRun:
        """Reports a run without predictions: ``ok`` if there was nothing to predict, or ``failed``."""
        about = {"message": message and message[:2000], "source_version_id": source_version_id}
        # The id of the report makes it safe to repeat.
        body = {"id": str(uuid.uuid4()), "status": status}
        body.update({name: value for name, value in about.items() if value is not None})
        return JobRun.read(self.call("POST", f"jobs/{self._job_id(job)}/runs", body, repeatable=True))

    def worker(
        self,
        service: str,
        *,
        every: timedelta = timedelta(hours=1),
        look_back: timedelta = timedelta(days=1),
        look_ahead: timedelta = timedelta(days=1),
        code: str | None = None,
    ) -> Worker:
        """Returns a worker that runs a function for each job of a source version. It is also a decorator.

        ``look_back`` and ``look_ahead`` are the window of the inputs around now, by default one day each. ``code``
        names the code that runs, such as a commit, for the lineage of the predictions.
        """
        return Worker(self, service, every, look_back, look_ahead, code)

    def _contract(self, job: JobOrId, source_version_id: str | None) -> Job:
        """Returns the job with the output roles of the version that is posted, which may be one on trial."""
        found = job if isinstance(job, Job) else self.job(job)
        if found.track != "shadow" and source_version_id not in (None, found.source_version_id):
            version = self.call("GET", f"source_versions/{source_version_id}")
            found = Job.read({**found.raw, "job_targets": version["output_roles"]})
        return found

    def _job_id(self, job: JobOrId) -> str:
        text = identity(job)
        return text if _is_id(text) else self.job(text).id

    def _job_ids(self, jobs: None | JobOrId | Iterable[JobOrId]) -> list[str]:
        return [self._job_id(each) for each in each_of(jobs)]

    def _read_all(self, path: str, read: Callable[[Any], Any], **parameters: Any) -> Iterable[Any]:
        for page in self._pages(path, parameters):
            yield from (read(each) for each in page)

    def _pages(self, path: str, parameters: Mapping[str, Any]) -> Iterable[Any]:
        """Yields the page of a list and those that its links lead to."""
        query: None | str | list[tuple[str, str]] = pairs(parameters.items())
        while query is not None:
            response = self._transport.send("GET", path, query, None, True)
            yield response.json()
            query = response.next_query()


def _window(start: Time | None, end: Time | None) -> dict[str, str | None]:
    return {"from": moment(start), "to": moment(end)}


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _series_key(series: PredictionSeries) -> tuple[Any, ...]:
    version = (series.source, series.source_version, series.stage, series.track)
    return (series.name, *version, series.job_id, series.location_id)


def _issue_key(series: PredictionSeries) -> tuple[Any, ...]:
    return (*_series_key(series), series.issue_time)
