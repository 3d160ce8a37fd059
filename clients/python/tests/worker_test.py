"""Tests workers, also their end at SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from farm import HOUR, NOW, URL, Farm, hours
from prediction_api_client import Forecast, Inputs, Job, Series

SOURCES = Path(__file__).resolve().parent.parent / "src"


class Work(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(self.addCleanup)
        self.farm.set_up("Second")
        self.token = self.farm.token("worker")
        self.client = self.farm.connect(self.token)
        self.service = f"{self.farm.source}@1.0.0"
        times = hours(5, NOW - 5 * HOUR)
        self.farm.client.post_readings({"times": times, "values": [1, 2, 3, 4, 5]}, self.farm.sensor)

    def health(self) -> dict[str, Any]:
        jobs = self.client.jobs()
        return {job.name: (job.health.state, job.health.message) for job in jobs}

    def test_each_job_runs_and_a_failed_one_is_reported(self) -> None:
        @self.client.worker(self.service, code="abc")
        def predict(job: Job, inputs: Inputs) -> Any:
            if job.name == "Second":
                raise RuntimeError("the model is broken")
            return {"times": hours(2), "air": [inputs["thermometer"].values[-1]] * 2}

        with self.assertLogs("prediction_api_client.worker", "INFO"):
            results = {result.job.name: result for result in predict.run_once()}
        self.assertEqual(results["Outlook"].posts[0].stored, 2)
        self.assertEqual(str(results["Second"].error), "the model is broken")
        health = self.health()
        self.assertEqual(health["Second"], ("failed", "the model is broken"))
        self.assertEqual(health["Outlook"][0], "on_time")

    def test_nothing_to_predict_and_several_issues(self) -> None:
        issues = [NOW - HOUR, NOW]

        @self.client.worker(self.farm.source)
        def predict(job: Job, inputs: Inputs) -> Any:
            if job.name == "Second":
                return None
            return [Forecast({"times": hours(2, issue), "air": [1, 2]}, issue) for issue in issues]

        results = {result.job.name: result for result in predict.run_once()}
        self.assertEqual([counts.stored for counts in results["Outlook"].posts], [2, 2])
        self.assertEqual((results["Second"].posts, self.health()["Second"][0]), ([], "on_time"))

    def test_a_run_as_of_an_earlier_time(self) -> None:
        at = datetime.now(timezone.utc)
        late = {"times": [NOW - HOUR / 2], "values": [99]}
        self.farm.client.post_readings(late, self.farm.sensor)

        @self.client.worker(self.service, look_back=10 * HOUR)
        def predict(job: Job, inputs: Inputs) -> Any:
            return Series(hours(1), inputs["thermometer"].values[-1:], "air")

        self.assertEqual([result.error for result in predict.run_once(at)], [None, None])
        found = self.client.predictions(self.farm.job, "temperature", NOW, NOW + HOUR).only
        self.assertEqual((found.values, found.issue_time), ([5.0], at))

    def test_a_version_on_trial(self) -> None:
        version = {
            "source_id": self.farm.job.source_id,
            "version": "2.0.0",
            "input_roles": [],
            "output_roles": [{"role": "warmth", "metric": "temperature", "unit": "°C"}],
        }
        trial = self.farm.client.call("POST", "source_versions", version)["id"]
        self.farm.client.call("PUT", f"jobs/{self.farm.job.id}/shadows/{trial}")
        data = {"times": hours(1), "temperature": [3]}
        self.assertEqual(self.client.post(self.farm.job, data, issue_time=NOW, source_version_id=trial).stored, 1)

        @self.client.worker(f"{self.farm.source}@2.0.0")
        def predict(job: Job, inputs: Inputs) -> Any:
            return {"times": hours(1), "temperature": [4]}

        self.assertEqual([result.error for result in predict.run_once()], [None])
        window = (NOW, NOW + HOUR)
        self.assertEqual(
            self.client.predictions(self.farm.job, "temperature", *window, track="shadow").only.values, [4]
        )
        self.assertEqual(self.client.predictions(self.farm.job, "temperature", *window), [])

    def test_an_unknown_service(self) -> None:
        with self.assertRaisesRegex(LookupError, f"there are {self.farm.source}@1.0.0"):
            self.client.service_id(self.farm.source + "@2")

    def test_workers_of_one_client_stop_on_their_own(self) -> None:
        turns: list[str] = []
        resume = threading.Event()

        @self.client.worker(self.service, every=HOUR)
        def waits(job: Job, inputs: Inputs) -> None:
            turns.append("waits")

        @self.client.worker(self.service, every=HOUR)
        def works(job: Job, inputs: Inputs) -> None:
            turns.append("works")
            resume.wait(20)

        threads = [threading.Thread(target=each.run_forever, daemon=True) for each in (waits, works)]
        for thread in threads:
            thread.start()
        await_that(lambda: sorted(turns) == ["waits", "waits", "works"])
        time.sleep(0.3)
        works.stop()
        time.sleep(0.3)
        # The stop of one worker has left the other. It ends its own worker after the job in progress.
        self.assertTrue(threads[0].is_alive())
        resume.set()
        threads[1].join(5)
        self.assertFalse(threads[1].is_alive())
        waits.stop()
        threads[0].join(5)
        self.assertFalse(threads[0].is_alive())
        self.assertEqual(sorted(turns), ["waits", "waits", "works"])

    def test_a_stop_before_the_run_has_no_effect(self) -> None:
        turns: list[str] = []

        @self.client.worker(self.service, every=HOUR)
        def predict(job: Job, inputs: Inputs) -> None:
            turns.append(job.name)

        predict.stop()
        self.assertEqual(len(predict.run_once()), 2)
        for _ in range(2):
            turns.clear()
            thread = threading.Thread(target=predict.run_forever, daemon=True)
            thread.start()
            await_that(lambda: len(turns) == 2)
            time.sleep(0.3)
            predict.stop()
            thread.join(5)
            self.assertFalse(thread.is_alive())
            # A stop that was left over would end the wait for the next turn at once.
            self.assertEqual(len(turns), 2)

    def test_a_stop_ends_run_once_after_the_job_in_progress(self) -> None:
        @self.client.worker(self.service)
        def predict(job: Job, inputs: Inputs) -> None:
            predict.stop()

        for _ in range(2):
            self.assertEqual([result.error for result in predict.run_once()], [None])

    def test_sigterm_finishes_the_job_at_hand(self) -> None:
        script = (
            "import sys, time\n"
            "from datetime import datetime, timedelta, timezone\n"
            "from prediction_api_client import Client\n"
            "client = Client(sys.argv[1], sys.argv[2])\n"
            "worker = client.worker(sys.argv[3], every=timedelta(seconds=1))\n"
            "@worker\n"
            "def predict(job, inputs):\n"
            "    print(job.name, flush=True)\n"
            "    time.sleep(1)\n"
            "    return {'times': [datetime.now(timezone.utc)], 'air': [1]}\n"
            "worker.run_forever()\n"
            "print('stopped')\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        arguments = [URL, self.token, self.service]
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=20)[0]
        self.assertEqual((rest, process.returncode), ("stopped\n", 0))
        self.assertEqual(self.health()[first][0], "on_time")


def await_that(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the condition was not met in time")
        time.sleep(0.02)
