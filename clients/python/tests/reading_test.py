"""Tests what is read from the server."""

from __future__ import annotations

import unittest
from datetime import timedelta
from typing import Any

from farm import HOUR, NOW, PANDAS, Farm, hours
from prediction_api_client import Client, Job


class Reading(unittest.TestCase):
    farm: Farm

    @classmethod
    def setUpClass(cls) -> None:
        cls.farm = Farm(cls.addClassCleanup)
        cls.client, cls.job = cls.farm.client, cls.farm.job
        cls.client.post_readings({"times": hours(48, NOW - 48 * HOUR), "values": list(range(48))}, cls.farm.sensor)
        for issue in (NOW - 3 * HOUR, NOW - 2 * HOUR):
            data = {"times": hours(4, issue + HOUR), "air": [issue.hour, 1, 2, 3], "rain": [0, 0, 0, 1]}
            cls.client.post(cls.job, data, issue_time=issue)

    client: Client
    job: Job

    def test_jobs_are_found_by_name_and_id_and_over_pages(self) -> None:
        self.farm.set_up("Second")
        names = [job.name for job in self.client.jobs(organisation_id=self.farm.organisation, limit=1)]
        self.assertEqual(sorted(names), ["Outlook", "Second"])
        self.assertEqual(self.client.job(self.job.id).name, "Outlook")
        self.assertEqual([each.role for each in self.job.job_targets], ["air", "rain"])
        with self.assertRaisesRegex(LookupError, "0 jobs have the name nope"):
            self.client.job("nope")

    def test_several_jobs_are_any_iterable(self) -> None:
        second = self.farm.set_up("Third")
        self.client.post(second, {"times": hours(1), "air": [7]}, issue_time=NOW)
        both = {self.job.id, second.id}
        window: dict[str, Any] = {"start": NOW - HOUR, "end": NOW + HOUR, "max_points": 10}
        for jobs in ([self.job, second], (self.job, second.id), both, (job for job in (self.job, second))):
            found = self.client.latest(jobs, metric="temperature")
            self.assertEqual({each.job_id for each in found}, both)
        found_too = self.client.predictions((self.job, second), "temperature", **window)
        self.assertEqual({each.job_id for each in found_too}, both)
        self.client.accuracy("temperature", (each for each in both))
        self.assertEqual({each.job_id for each in self.client.latest(second)}, {second.id})

    def test_inputs_are_series_by_role(self) -> None:
        inputs = self.client.inputs(self.job, NOW - 10 * HOUR, NOW)
        self.assertEqual(inputs["thermometer"].values, [float(value) for value in range(38, 48)])
        self.assertEqual(inputs["thermometer"].times[0], NOW - 10 * HOUR)
        with self.assertRaisesRegex(KeyError, "the roles are: thermometer"):
            inputs["wind"]
        before = self.client.inputs(self.job, NOW - 10 * HOUR, NOW, as_of=NOW - 100 * HOUR)
        self.assertEqual(len(before["thermometer"]), 0)

    def test_readings_go_over_pages(self) -> None:
        found = self.client.readings(self.farm.sensor)
        self.assertEqual((len(found), found.name, found.times[0]), (48, "temperature", NOW - 48 * HOUR))
        self.assertEqual(len(self.client.readings(self.farm.sensor, NOW - 2 * HOUR)), 2)
        self.assertEqual(len(self.client.readings(self.farm.sensor, max_points=10)), 10)
        sensors = self.client.sensors(organisation_id=self.farm.organisation)
        self.assertEqual([each.metric for each in sensors], ["temperature"])

    def test_predictions_have_the_newest_issue(self) -> None:
        found = self.client.predictions(self.job, "temperature", NOW - 2 * HOUR, NOW + 3 * HOUR).only
        self.assertEqual(found.times, hours(5, NOW - 2 * HOUR))
        self.assertEqual(found.issue_times[0], NOW - 3 * HOUR)
        self.assertIsNone(found.issue_time)
        paged = self.client.predictions(self.job, "all", NOW - 2 * HOUR, NOW + 3 * HOUR, limit=1)
        self.assertEqual([(each.metric, len(each)) for each in paged], [("precipitation", 5), ("temperature", 5)])
        ahead = self.client.predictions(self.job, "temperature", NOW - 2 * HOUR, NOW + 3 * HOUR, min_lead=3 * HOUR)
        self.assertEqual(ahead.only.values, [2, 2, 3])
        with self.assertRaisesRegex(ValueError, "no single series"):
            _ = self.client.predictions(self.job, "wind").only

    def test_all_issues_are_series_of_their_own(self) -> None:
        window = (NOW - 2 * HOUR, NOW + 3 * HOUR)
        found = self.client.predictions(self.job, "temperature", *window, issues="all", limit=3)
        self.assertEqual([each.issue_time for each in found], [NOW - 3 * HOUR, NOW - 2 * HOUR])
        self.assertEqual([len(each) for each in found], [4, 4])
        history = self.client.history(self.job, "temperature", NOW)
        self.assertEqual([(each.value, each.lead) for each in history], [(2, 3 * HOUR), (1, 2 * HOUR)])

    def test_the_latest_issue(self) -> None:
        found = self.client.latest(self.job, metric="temperature").only
        self.assertEqual((found.issue_time, found.covers_until), (NOW - 2 * HOUR, NOW + 2 * HOUR))
        self.assertGreater(found.age, HOUR)

    def test_accuracy(self) -> None:
        scores = self.client.accuracy(
            "temperature", self.job, NOW - 5 * HOUR, NOW + HOUR, lead_edges=[timedelta(0), 5 * HOUR], late="include"
        )
        self.assertEqual((scores[0].pairs, scores[0].lead_to), (2, 5 * HOUR))
        self.assertIsNotNone(scores[0].mae)

    @unittest.skipUnless(PANDAS, "pandas is not installed")
    def test_results_become_frames(self) -> None:
        inputs = self.client.inputs(self.job, NOW - 10 * HOUR, NOW).to_pandas()
        self.assertEqual((list(inputs.columns), len(inputs)), (["thermometer"], 10))
        self.assertTrue(str(inputs.index.dtype).endswith("UTC]"))
        frame = self.client.predictions(self.job, "all", NOW - 2 * HOUR, NOW + 3 * HOUR).to_pandas()
        self.assertEqual((len(frame), frame["lead"].min()), (10, HOUR))
        self.assertEqual(len(self.client.jobs(organisation_id=self.farm.organisation).to_pandas().columns), 13)
        empty = self.client.predictions(self.job, "wind").to_pandas()
        self.assertIn("valid_time", empty.columns)
