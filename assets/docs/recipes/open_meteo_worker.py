"""Posts the forecast of Open-Meteo for the location of each job of the source open-meteo.

Needs the Python client of the server. The environment has PREDICTION_API_URL and WORKER_TOKEN. It runs each job once,
for cron or a systemd timer. Its status is 1 if a job failed.
"""

import json
import logging
import os
import sys
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

from prediction_api_client import Client

API = os.environ.get("OPEN_METEO_URL", "https://api.open-meteo.com/v1/forecast")
# The output roles of the version, and the variables of Open-Meteo.
VARIABLES = {
    "temperature": "temperature_2m",
    "relative_humidity": "relative_humidity_2m",
    "wind_speed": "wind_speed_10m",
}

logging.basicConfig(level=logging.INFO, format="%(message)s")
client = Client(os.environ["PREDICTION_API_URL"], os.environ["WORKER_TOKEN"])


def fetch(location):
    """Returns the hourly forecast for a location. Its times are seconds since 1970."""
    query = {
        "latitude": location.latitude,
        "longitude": location.longitude,
        "hourly": ",".join(VARIABLES.values()),
        "wind_speed_unit": "ms",
        "timeformat": "unixtime",
        "forecast_days": 7,
    }
    if location.raw.get("elevation") is not None:
        query["elevation"] = location.raw["elevation"]
    with urllib.request.urlopen(f"{API}?{urllib.parse.urlencode(query)}", timeout=60) as response:
        return json.load(response)["hourly"]


@client.worker("open-meteo@1.0.0", every=timedelta(hours=6))
def open_meteo(job, inputs):
    hourly = fetch(inputs.roles["site"].location)
    columns = {role: hourly[name] for role, name in VARIABLES.items()}
    # A gap is null, which the client leaves out.
    return {"times": [datetime.fromtimestamp(time, timezone.utc) for time in hourly["time"]], **columns}


if __name__ == "__main__":
    sys.exit(any(result.error for result in open_meteo.run_once()))
