"""Uses the Python client of openapi-generator: openapi_generator.py URL TOKEN."""

import datetime as dt
import re
import sys
import uuid
from urllib.parse import parse_qs, urlsplit

import prediction_api
from prediction_api.exceptions import ApiException
from prediction_api.models import JobPost, JobSetup, PostedPredictions, Problem, SensorChange, SensorCreation

url, token = sys.argv[1:3]
api = prediction_api.ApiClient(prediction_api.Configuration(host=url, access_token=token))
organisations, sensors = prediction_api.OrganisationsApi(api), prediction_api.SensorsApi(api)
predictions, readings = prediction_api.PredictionsApi(api), prediction_api.ReadingsApi(api)


def refused(status, call, **arguments):
    """Returns the problem of a call that must be refused."""
    try:
        call(**arguments)
    except ApiException as error:
        assert error.status == status, error
        return Problem.from_json(error.body)
    raise AssertionError(f"{call} was not refused")


home = organisations.create_organisation(prediction_api.OrganisationCreation(name=f"Home {uuid.uuid4()}"))
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
job = prediction_api.JobsApi(api).set_up_job(setup)

start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
hours = [start + dt.timedelta(hours=hour) for hour in range(3)]
points = [{"role": "out", "valid_time": hour.isoformat(), "value": float(index)} for index, hour in enumerate(hours)]
post = JobPost.from_dict({"job_id": str(job.id), "issue_time": start.isoformat(), "predictions": points})
assert predictions.post_predictions(PostedPredictions(post)).stored == 3
assert predictions.post_predictions(PostedPredictions(post)).unchanged == 3

window = {"metric": "flow", "job_id": [job.id], "var_from": start, "to": start + dt.timedelta(days=1)}
rows = predictions.list_predictions(**window).actual_instance
assert [(row.valid_time, row.value) for row in rows] == [(hour, float(index)) for index, hour in enumerate(hours)], rows
(series,) = predictions.list_predictions(shape="series", **window).actual_instance
assert series.values == [0.0, 1.0, 2.0] and series.start == start, series
assert predictions.list_predictions(**{**window, "metric": "other"}).actual_instance == []
# A time with another offset and microseconds.
east = dt.timezone(dt.timedelta(hours=2))
late = predictions.list_predictions(**{**window, "var_from": hours[1].astimezone(east) + dt.timedelta(microseconds=1)})
assert [row.value for row in late.actual_instance] == [2.0], late
csv = predictions.list_predictions_without_preload_content(format="csv", **window)
assert csv.status == 200 and len(csv.read().splitlines()) == 4


def pages(**query):
    cursor = None
    while True:
        page = predictions.list_predictions_with_http_info(**query, cursor=cursor)
        yield page.data.actual_instance
        link = re.search(r'<([^>]*)>; *rel="next"', page.headers.get("link", ""))
        if not link:
            return
        cursor = parse_qs(urlsplit(link[1]).query)["cursor"][0]


assert [len(page) for page in pages(limit="2", **window)] == [2, 1]

bad = JobPost.from_dict({"job_id": str(job.id), "predictions": [{**points[0], "role": "x"}]})
problem = refused(422, predictions.post_predictions, posted_predictions=PostedPredictions(bad))
assert problem.errors[0].pointer == "#/predictions/0/role", problem

old = organisations.get_organisation_with_http_info(home.id).headers["etag"]
change = prediction_api.OrganisationChange(name=f"Other {uuid.uuid4()}")
assert organisations.update_organisation(home.id, change, if_match=old).name == change.name
refused(412, organisations.update_organisation, id=home.id, organisation_change=change, if_match=old)

sensor = sensors.create_sensor(SensorCreation(name="s", metric="flow", unit="l/s", organisation_id=home.id))
assert sensor.unit == "l/s"
assert sensors.update_sensor(sensor.id, SensorChange(unit=None)).unit is None
stored = readings.post_sensor_readings(
    sensor.id, prediction_api.SensorReadings([prediction_api.SensorReadingCreation(time=start, value=1.5)])
)
assert stored.stored == 1, stored
assert readings.list_readings(sensor.id, var_from=start).actual_instance[0].value == 1.5
print("openapi-generator, python: set up, posted, read in both shapes and as CSV, paged, refused, stale, null")
