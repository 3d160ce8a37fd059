"""Values over time: those of a sensor, of an input, or of a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from . import frames
from .records import Rows
from .results import Prediction
from .times import parse_duration, parse_time

if TYPE_CHECKING:
    import pandas


@dataclass
class Series:
    """Values with their times, in ascending order. ``name`` is the role or the metric of the values."""

    times: list[datetime]
    values: list[float]
    name: str = ""
    unit: str | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[tuple[datetime, float]]:
        return iter(zip(self.times, self.values))

    def to_pandas(self) -> pandas.Series[Any]:
        """Returns a pandas Series with an index of times in UTC."""
        return frames.series(self.times, self.values, self.name)


S = TypeVar("S", bound="PredictionSeries")


@dataclass
class PredictionSeries(Series):
    """Predictions of one metric, source, stage, location and job. Each value has its issue time and arrival."""

    source: str = ""
    source_version: str = ""
    stage: str | None = None
    track: str | None = None
    job_id: str | None = None
    location_id: str | None = None
    issue_times: list[datetime] = field(default_factory=list, repr=False)
    available_times: list[datetime] = field(default_factory=list, repr=False)
    thinned_from: int | None = None

    @property
    def metric(self) -> str:
        """The predicted metric, which is the name of the series."""
        return self.name

    @property
    def issue_time(self) -> datetime | None:
        """The issue time of all values, or ``None`` if they have several."""
        return self.issue_times[0] if len(set(self.issue_times)) == 1 else None

    @classmethod
    def read(cls: type[S], raw: Mapping[str, Any]) -> S:
        """Returns the series of an object of the API."""
        return cls(**cls.members(raw))

    @classmethod
    def members(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the values of the fields in an object of the API."""
        count = len(raw["values"])
        names = ("unit", "source", "source_version", "stage", "track", "job_id", "location_id", "thinned_from")
        return {
            "times": times_of(raw, "valid_times"),
            "values": raw["values"],
            "name": raw["metric"],
            "issue_times": _each(raw, "issue_time", "issue_times", count),
            "available_times": _each(raw, "available_at", "available_times", count),
            **{name: raw.get(name) for name in names},
        }

    def predictions(self) -> Rows[Prediction]:
        """Returns the values one by one."""
        about: dict[str, Any] = {
            "metric": self.name,
            "unit": self.unit,
            "stage": self.stage,
            "track": self.track,
            "source": self.source,
            "source_version": self.source_version,
            "job_id": self.job_id,
            "location_id": self.location_id,
        }
        columns = zip(self.times, self.values, self.issue_times, self.available_times)
        return Rows(
            Prediction,
            (
                Prediction(raw={}, value=value, valid_time=time, issue_time=issue, available_at=arrival, **about)
                for time, value, issue, arrival in columns
            ),
        )

    def extend(self, other: PredictionSeries) -> None:
        """Appends the values of the same series from the next page."""
        self.times += other.times
        self.values += other.values
        self.issue_times += other.issue_times
        self.available_times += other.available_times


@dataclass
class LatestSeries(PredictionSeries):
    """The newest issue of a series, with its age at the time of the response and the end of its coverage."""

    last_issue_time: datetime | None = None
    age: timedelta = timedelta(0)
    covers_until: datetime | None = None

    @classmethod
    def members(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super().members(raw),
            "last_issue_time": parse_time(raw["last_issue_time"]),
            "age": timedelta(seconds=raw["age_seconds"]),
            "covers_until": parse_time(raw["covers_until"]),
        }


class SeriesList(list[S]):
    """A list of prediction series."""

    @property
    def only(self) -> S:
        """The series of a request that selects one. Raises ``ValueError`` if there is none or several."""
        if len(self) == 1:
            return self[0]
        found = ", ".join(f"{each.metric} of {each.source} {each.source_version}" for each in self)
        raise ValueError(f"there is no single series, but {found or 'none'}")

    def predictions(self) -> Rows[Prediction]:
        """Returns the values of all series one by one."""
        return Rows(Prediction, (each for series in self for each in series.predictions()))

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a DataFrame with a row for each value, like the rows of the API, and the lead time as ``lead``."""
        rows = ({**each.row(), "lead": each.lead} for each in self.predictions())
        return frames.frame(rows, [*Prediction.column_names(), "lead"])


def merge(pages: Iterable[S], key: Callable[[S], tuple[Any, ...]]) -> SeriesList[S]:
    """Returns the series of all pages, of which one may go on in the next page."""
    found: dict[tuple[Any, ...], S] = {}
    for series in pages:
        if key(series) in found:
            found[key(series)].extend(series)
        else:
            found[key(series)] = series
    return SeriesList(found.values())


def times_of(raw: Mapping[str, Any], column: str) -> list[datetime]:
    """Returns the times of a series of the API, which has them as a column, or as ``start`` and ``step``."""
    if column in raw:
        return [parse_time(each) for each in raw[column]]
    count = len(raw["values"])
    if count == 0:
        return []
    start = parse_time(raw["start"])
    step = parse_duration(raw["step"]) if count > 1 else timedelta(0)
    return [start + step * index for index in range(count)]


def _each(raw: Mapping[str, Any], one: str, column: str, count: int) -> list[datetime]:
    return [parse_time(each) for each in raw[column]] if column in raw else [parse_time(raw[one])] * count
