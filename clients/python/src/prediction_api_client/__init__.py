"""The Python client of Prediction API. It needs nothing but the standard library.

>>> from prediction_api_client import Client
>>> client = Client("http://127.0.0.1:8000", token="pa_...")
>>> client.predictions("Mildew risk EWR").to_pandas()
"""

from .client import Client
from .inputs import Input, Inputs, Run
from .problems import (
    Conflict,
    ConnectionLost,
    Forbidden,
    InvalidRequest,
    NotFound,
    PredictionApiError,
    Problem,
    Stale,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Violation,
)
from .records import Rows
from .results import Counts, Health, Job, JobRun, JobTarget, Location, Prediction, RoleBinding, Score, Sensor
from .retries import Retries
from .series import LatestSeries, PredictionSeries, Series, SeriesList
from .version import VERSION as __version__
from .worker import Forecast, JobResult, Worker

__all__ = [
    "Client",
    "Conflict",
    "ConnectionLost",
    "Counts",
    "Forbidden",
    "Forecast",
    "Health",
    "Input",
    "Inputs",
    "InvalidRequest",
    "Job",
    "JobResult",
    "JobRun",
    "JobTarget",
    "LatestSeries",
    "Location",
    "NotFound",
    "Prediction",
    "PredictionApiError",
    "PredictionSeries",
    "Problem",
    "Retries",
    "RoleBinding",
    "Rows",
    "Run",
    "Score",
    "Sensor",
    "Series",
    "SeriesList",
    "Stale",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "Violation",
    "Worker",
    "__version__",
]
