"""Uses the client that openapi-python-client generates: openapi_python_client.py URL TOKEN."""

import datetime as dt
import sys
import uuid

from generated_client import AuthenticatedClient
from generated_client.api.jobs import list_jobs, set_up_job
from generated_client.api.organisations import create_organisation, get_organisation, update_organisation
from generated_client.api.predictions import list_predictions, post_predictions
from generated_client.api.sensors import create_sensor, update_sensor
from generated_client.models import (
    JobPost,
    JobSetup,
    OrganisationChange,
    OrganisationCreation,
    Prediction,
    PredictionSeries,
    Problem,
    SensorChange,
    SensorCreation,
    Shape,
)

url, token = sys.argv[1:3]
client = AuthenticatedClient(base_url=url, token=token)
home = create_organisation.sync(client=client, body=OrganisationCreation(name=f"Home {uuid.uuid4()}"))

outputs = [{"role": "out", "metric": "flow", "unit": "l/s"}]
setup = JobSetup.from_dict(
    {
        "organisation_id": str(home.id),
        "source": {"name": f"model {uuid.uuid4()}"},
        "source_version": {"version": "1.0.0", "input_roles": [], "output_roles": outputs},
        "job": {"name": "Flow"},
        "role_bindings": [],
    }
)
job = set_up_job.sync(client=client, body=setup)

start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
hours = [start + dt.timedelta(hours=hour) for hour in range(3)]
points = [{"role": "out", "valid_time": hour.isoformat(), "value": float(index)} for index, hour in enumerate(hours)]
post = JobPost.from_dict({"job_id": str(job.id), "issue_time": start.isoformat(), "predictions": points})
assert post_predictions.sync(client=client, body=post).stored == 3
assert post_predictions.sync(client=client, body=post).unchanged == 3

window = {"metric": "flow", "job_id": [job.id], "from_": start, "to": start + dt.timedelta(days=1)}
rows = list_predictions.sync(client=client, **window)
assert [type(row) for row in rows] == [Prediction] * 3 and rows[2].value == 2.0 and rows[2].valid_time == hours[2]
(series,) = list_predictions.sync(client=client, shape=Shape.SERIES, **window)
assert isinstance(series, PredictionSeries) and series.values == [0.0, 1.0, 2.0], series
assert list_predictions.sync(client=client, **{**window, "metric": "other"}) == []
csv = client.get_httpx_client().get(f"/api/v1/predictions?metric=flow&job_id={job.id}&from=2026-01-01&to=2026-01-02&format=csv")
assert len(csv.text.splitlines()) == 4

page = list_jobs.sync_detailed(client=client, organisation_id=home.id, limit=1)
assert [found.id for found in page.parsed] == [job.id] and page.status_code == 200

wrong = post_predictions.sync(client=client, body=JobPost.from_dict({"job_id": str(job.id), "predictions": [{**points[0], "role": "x"}]}))
assert isinstance(wrong, Problem) and wrong.errors[0].pointer == "#/predictions/0/role", wrong

old = get_organisation.sync_detailed(client=client, id=home.id).headers["etag"]
change = OrganisationChange(name=f"Other {uuid.uuid4()}")
assert update_organisation.sync(client=client, id=home.id, body=change, if_match=old).name == change.name
stale = update_organisation.sync_detailed(client=client, id=home.id, body=change, if_match=old)
assert stale.status_code == 412, stale

sensor = create_sensor.sync(client=client, body=SensorCreation(name="s", metric="flow", unit="l/s", organisation_id=home.id))
assert sensor.unit == "l/s"
cleared = update_sensor.sync(client=client, id=sensor.id, body=SensorChange(unit=None))
assert not cleared.unit, cleared
print("openapi-python-client: set up, posted, read in both shapes and as CSV, paged, refused, stale, null")
