"""The server under test, and an organisation on it with a job."""

from __future__ import annotations

import importlib.util
import os
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from prediction_api_client import Client, Job, Retries

URL, TOKEN = os.environ["PREDICTION_API_URL"], os.environ["PREDICTION_API_TOKEN"]
HOUR = timedelta(hours=1)
NOW = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
PANDAS = importlib.util.find_spec("pandas") is not None
AT_ONCE = Retries(attempts=3, first_wait=0.01)


class Farm:
    """An organisation with a thermometer, and a job that predicts its temperature and the rain."""

    def __init__(self, add_cleanup: Callable[..., Any]) -> None:
        self._add_cleanup = add_cleanup
        self.client = self.connect(TOKEN)
        self.organisation, self.sensor = str(uuid.uuid4()), str(uuid.uuid4())
        self.source = f"outlook-{self.organisation}"
        self.job = self.set_up("Outlook")

    def connect(self, token: str, url: str = URL, **arguments: Any) -> Client:
        """Returns a client that is closed after the test."""
        client = Client(url, token, **{"retries": AT_ONCE, **arguments})
        self._add_cleanup(client.close)
        return client

    def set_up(self, name: str, label: str = "1.0.0") -> Job:
        outputs = [
            {"role": "air", "metric": "temperature", "unit": "°C"},
            {"role": "rain", "metric": "precipitation", "unit": "mm", "required": False},
        ]
        body = {
            "organisation_id": self.organisation,
            "source": {"name": self.source, "expected_interval_minutes": 60},
            "source_version": {
                "version": label,
                "input_roles": [{"role": "thermometer", "input_kind": "sensor", "metric": "temperature"}],
                "output_roles": outputs,
            },
            "job": {"name": name},
            "role_bindings": [{"role": "thermometer", "input_type": "sensor", "input_id": self.sensor}],
        }
        return self.client.job(self.client.call("POST", "jobs/setup", body)["id"])

    def token(self, role: str) -> str:
        body = {"name": role, "role": role, "organisation_id": self.organisation}
        return str(self.client.call("POST", "tokens", body)["secret"])


def hours(count: int, start: datetime = NOW) -> list[datetime]:
    return [start + HOUR * index for index in range(count)]
