"""Imports pandas when a result is converted, so that the client works without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


def series(times: Sequence[Any], values: Sequence[float], name: str) -> pandas.Series[Any]:
    """Returns a pandas Series with an index of times in UTC."""
    pd = _pandas()
    made: pandas.Series[Any] = pd.Series(
        list(values), index=pd.to_datetime(list(times), utc=True), name=name, dtype=float
    )
    return made


def frame(rows: Iterable[dict[str, Any]], columns: list[str]) -> pandas.DataFrame:
    """Returns a DataFrame of rows, with the columns also if there is no row."""
    made: pandas.DataFrame = _pandas().DataFrame(list(rows), columns=columns)
    return made


def joined(columns: dict[str, pandas.Series[Any]]) -> pandas.DataFrame:
    """Returns a DataFrame of columns on the union of their times."""
    made: pandas.DataFrame = _pandas().DataFrame(columns)
    return made


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas() needs pandas: install it with `pip install pandas`") from error
    return pandas
