"""Reads the values that a caller posts: series, frames, lists by column, or points one by one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from .series import Series
from .times import time_text

if TYPE_CHECKING:
    import pandas

    #: Values that can be posted. A mapping has series by name, or lists by name and their ``times``. A list of
    #: mappings has points one by one.
    Data = Union[
        Series,
        Sequence[Series],
        Sequence[Mapping[str, Any]],
        Mapping[str, Any],
        pandas.Series[Any],
        pandas.DataFrame,
    ]


@dataclass(frozen=True)
class Column:
    """The values of one role, metric or sensor. ``None`` is a gap."""

    name: str | None
    times: list[str]
    values: list[float | None]


def is_points(data: Any) -> bool:
    """Returns whether the data is a list of points, each of which is a mapping."""
    return isinstance(data, (list, tuple)) and bool(data) and all(isinstance(each, Mapping) for each in data)


def columns(data: Any) -> list[Column]:
    """Returns the columns of series, frames and lists by name. Raises ``ValueError`` for anything else."""
    if isinstance(data, Series):
        return [_column(data.name, data.times, data.values)]
    if _is_pandas(data):
        return _pandas_columns(data)
    if isinstance(data, Mapping):
        return _mapping_columns(data)
    if isinstance(data, (list, tuple)):
        return [column for each in data for column in columns(each)]
    raise ValueError(
        f"cannot post {type(data).__name__}: give a Series, a DataFrame, a dict with times, or a list of points"
    )


def number(value: Any, place: str) -> float | None:
    """Returns the value as a number, or ``None`` for a gap: NaN or ``None``."""
    if value is None:
        return None
    try:
        result = float("nope") if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{place} is not a number: {value!r}") from None
    if math.isinf(result):
        raise ValueError(f"{place} is infinite, and only finite numbers can be posted")
    return None if math.isnan(result) else result


def _column(name: Any, times: Iterable[Any], values: Iterable[Any]) -> Column:
    label = name if name is None or isinstance(name, str) else str(name)
    texts = [time_text(time) for time in times]
    numbers = [number(value, f"value {index} of {label or 'the series'}") for index, value in enumerate(values)]
    if len(texts) != len(numbers):
        raise ValueError(f"{label or 'the series'} has {len(numbers)} values for {len(texts)} times")
    return Column(label or None, texts, numbers)


def _mapping_columns(data: Mapping[Any, Any]) -> list[Column]:
    if "times" in data:
        return [_column(name, data["times"], values) for name, values in data.items() if name != "times"]
    found: list[Column] = []
    for name, values in data.items():
        if not isinstance(values, Series) and not _is_pandas(values):
            raise ValueError("a dict of lists needs their times under the key 'times'")
        found += [Column(str(name), each.times, each.values) for each in columns(values)]
    return found


def _is_pandas(data: Any) -> bool:
    return hasattr(data, "isna") and hasattr(data, "index")


def _pandas_columns(data: Any) -> list[Column]:
    if not hasattr(data, "columns"):
        return [_pandas_column(data.name, data)]
    return [_pandas_column(name, data.iloc[:, place]) for place, name in enumerate(data.columns)]


def _pandas_column(name: Any, data: Any) -> Column:
    # The gaps of pandas are of several kinds (NaN, NA, NaT), of which only pandas knows all.
    gaps = data.isna().tolist()
    values = [None if gap else value for gap, value in zip(gaps, data.tolist())]
    return _column(name, data.index, values)
