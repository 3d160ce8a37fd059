"""Tests what is posted to the server, and the problems that it responds with."""

from __future__ import annotations

import unittest
import uuid
from datetime import timedelta
from typing import Any

from farm import HOUR, NOW, PANDAS, TOKEN, URL, Farm, hours
from prediction_api_client import (
    Client,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Series,
    Unauthenticated,
)
from prediction_api_client.times import parse_time


class Posting(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(self.addCleanup)
        self.client, self.job = self.farm.client, self.farm.job

    def stored(self, metric: str = "temperature") -> list[float]:
        return self.client.predictions(self.job, metric, NOW, NOW + 9 * HOUR).only.values

    def test_gaps_are_left_out_and_counted(self) -> None:
        data = Series(hours(3), [1.0, float("nan"), 3.0], "air")
        counts = self.client.post(self.job, data, issue_time=NOW)
        self.assertEqual((counts.stored, counts.skipped, counts.fresh), (2, 1, True))
        self.assertEqual(self.client.post(self.job, data, issue_time=NOW).unchanged, 2)
        withdrawn = self.client.post(self.job, Series(hours(1), [float("nan")], "air"), issue_time=NOW, gaps="withdraw")
        self.assertEqual((withdrawn.withdrawn, self.stored()), (1, [3.0]))

    def test_roles_and_metrics_name_columns(self) -> None:
        self.client.post(self.job.id, {"times": hours(2), "precipitation": [1, 2], "air": [3, 4]}, issue_time=NOW)
        self.assertEqual((self.stored(), self.stored("precipitation")), ([3, 4], [1, 2]))

    def test_points_and_series_by_name(self) -> None:
        points = [
            {"metric": "temperature", "valid_time": NOW, "value": 5},
            {"role": "rain", "valid_time": NOW, "value": None},
        ]
        counts = self.client.post(self.job, points, issue_time=NOW)
        self.assertEqual((counts.stored, counts.skipped), (1, 1))
        by_name = {"air": Series(hours(2), [6.0, 7.0]), "rain": Series(hours(1), [0.0])}
        self.assertEqual(self.client.post(self.job, by_name, issue_time=NOW).stored, 2)
        self.assertEqual(self.stored(), [6, 7])
        copy = self.client.predictions(self.job, "all", NOW, NOW + 9 * HOUR)
        self.assertEqual(self.client.post(self.job, copy, issue_time=NOW).unchanged, 3)

    def test_what_cannot_be_posted_is_refused_here(self) -> None:
        cases: list[Any] = [
            (Series(hours(1), [float("inf")], "air"), "value 0 of air is infinite"),
            (Series(hours(2), [1.0], "air"), "1 values for 2 times"),
            (Series(hours(1), [1.0]), "name it after one of air, rain"),
            ({"air": [1.0]}, "under the key 'times'"),
            ({"times": hours(1), "air": ["1"]}, "value 0 of air is not a number: '1'"),
            (3, "cannot post int"),
        ]
        for data, message in cases:
            with self.assertRaisesRegex(ValueError, message):
                self.client.post(self.job, data, issue_time=NOW)

    def test_a_problem_names_every_violation(self) -> None:
        data = {"times": hours(1), "wind": [1], "sun": [2]}
        with self.assertRaises(InvalidRequest) as caught:
            self.client.post(self.job, data, issue_time=NOW)
        text = str(caught.exception)
        for part in ("422 Validation failed", "#/series/0/role", "#/series/1/role", "air, rain", "request id "):
            self.assertIn(part, text)
        self.assertEqual(len(caught.exception.errors), 2)

    def test_the_run_is_in_the_lineage(self) -> None:
        self.client.post_readings({"times": [NOW - HOUR], "values": [20]}, self.farm.sensor)
        inputs = self.client.inputs(self.job)
        run = inputs.run(code="4f0c1d2", parameters={"trees": 200})
        self.client.post(self.job, {"times": hours(1), "air": [1]}, issue_time=NOW, run=run)
        query = {"metric": "temperature", "job_id": self.job.id, "valid_time": NOW}
        lineage = self.client.call("GET", "predictions/lineage", query=query)
        self.assertEqual((lineage["run"]["code"], lineage["run"]["parameters"]), ("4f0c1d2", {"trees": 200}))
        self.assertEqual(parse_time(lineage["run"]["inputs_as_of"]), inputs.as_of)

    def test_readings_in_parts_and_by_sensor(self) -> None:
        minutes = [NOW - timedelta(minutes=index) for index in range(60_000)]
        counts = self.client.post_readings({"times": minutes, "values": [1] * 60_000}, self.farm.sensor)
        self.assertEqual(counts.stored, 60_000)
        self.assertEqual(len(self.client.readings(self.farm.sensor)), 60_000)
        by_sensor = {"times": [NOW], self.farm.sensor: [2]}
        self.assertEqual(self.client.post_readings(by_sensor).revised, 1)
        point = {"sensor_id": self.farm.sensor, "time": NOW, "value": 2}
        self.assertEqual(self.client.post_readings([point]).unchanged, 1)

    def test_reports(self) -> None:
        self.assertEqual(self.client.report(self.job, "failed", "no readings").status, "failed")
        self.assertEqual(self.client.job(self.job.id).health.message, "no readings")
        self.client.report(self.job.id, "ok")
        self.assertEqual(self.client.job(self.job.id).health.state, "on_time")

    @unittest.skipUnless(PANDAS, "pandas is not installed")
    def test_frames_and_series_of_pandas(self) -> None:
        import pandas as pd

        index = pd.date_range(NOW, periods=3, freq="1h")
        frame = pd.DataFrame({"temperature": [1.0, None, 3.0], "rain": pd.array([1, 2, None], "Int64")}, index)
        counts = self.client.post(self.job, frame, issue_time=pd.Timestamp(NOW))
        self.assertEqual((counts.stored, counts.skipped), (4, 2))
        self.assertEqual(self.client.post(self.job, frame["temperature"], issue_time=NOW).unchanged, 2)
        with self.assertRaisesRegex(ValueError, "tz_localize"):
            self.client.post(self.job, frame.tz_localize(None), issue_time=NOW)
        with self.assertRaisesRegex(ValueError, "0 is not a time"):
            self.client.post(self.job, frame.reset_index(drop=True), issue_time=NOW)
        readings = frame["temperature"].shift(-3, freq="1h").rename("anything")
        self.assertEqual(self.client.post_readings(readings, self.farm.sensor).stored, 2)


class Problems(unittest.TestCase):
    def test_kinds(self) -> None:
        farm = Farm(self.addCleanup)
        with self.assertRaises(Unauthenticated):
            farm.connect("pa_wrong").jobs()
        with self.assertRaises(NotFound):
            farm.client.job(str(uuid.uuid4()))
        with self.assertRaises(Forbidden):
            farm.connect(farm.token("viewer")).post(farm.job, {"times": hours(1), "air": [1]}, issue_time=NOW)
        with self.assertRaises(Conflict) as conflict:
            farm.client.call("POST", "sources", {"name": farm.source})
        self.assertEqual(conflict.exception.existing_id, farm.job.source_id)
        with self.assertRaisesRegex(InvalidRequest, "nme is unknown"):
            farm.client.jobs(nme="x")

    def test_no_secret_is_shown(self) -> None:
        with Client(URL + "/api/v1/", TOKEN + "\n") as client:
            self.assertEqual(repr(client), f"Client({URL!r})")
            client.jobs(limit=1)
        for url, token in ((URL, "pa_secret\nX: y"), ("http://me:pa_secret@localhost", ""), ("localhost:80", "")):
            with self.assertRaises(ValueError) as caught:
                Client(url, token)
            self.assertNotIn("pa_secret", str(caught.exception))
