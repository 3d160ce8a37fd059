"""Tests retries, connections, proxies and certificates through a proxy before the real server."""

from __future__ import annotations

import http.client
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from typing import Any
from unittest import mock

from farm import NOW, TOKEN, URL, Farm, hours
from front import DROP, Front
from prediction_api_client import (
    ConnectionLost,
    Inputs,
    Job,
    Problem,
    Stale,
    TooManyRequests,
    Unavailable,
)


class Network(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(self.addCleanup)
        self.front = Front(URL)
        self.addCleanup(self.front.close)
        self.client = self.farm.connect(TOKEN, self.front.url)

    def post(self, **arguments: Any) -> Any:
        return self.client.post(self.farm.job, {"times": hours(1), "air": [1]}, **arguments)

    def test_retry_after_is_obeyed(self) -> None:
        self.front.script = [(503, {"Retry-After": "1"}), (429, {"Retry-After": "1"})]
        before = time.monotonic()
        self.assertEqual(self.post(issue_time=NOW).stored, 1)
        self.assertGreaterEqual(time.monotonic() - before, 2)

    def test_a_lost_response_is_repeated_if_it_is_safe(self) -> None:
        self.front.script = [(DROP, {})]
        self.assertEqual(self.post(issue_time=NOW).unchanged, 1)
        self.front.script = [(DROP, {})]
        with self.assertRaises(ConnectionLost):
            self.post()
        self.front.script = [(503, {})]
        with self.assertRaises(Unavailable):
            self.post()
        self.front.script = [(429, {})]
        self.assertEqual(self.post().stored, 1)

    def test_retries_are_bounded(self) -> None:
        self.front.script = [(503, {})] * 9
        with self.assertRaises(Unavailable):
            self.client.jobs()
        self.assertEqual(len(self.front.seen), 3)
        self.front.script = [(429, {"Retry-After": "3600"})]
        with self.assertRaises(TooManyRequests):
            self.client.jobs()
        self.front.script = [(412, {})]
        with self.assertRaises(Stale):
            self.client.jobs()
        with self.assertRaises(ConnectionLost):
            self.farm.connect(TOKEN, "http://127.0.0.1:1").jobs()

    def test_a_stop_ends_the_wait_for_a_retry(self) -> None:
        self.front.script = [(503, {"Retry-After": "30"})]
        worker = self.client.worker(self.farm.source)(lambda job, inputs: None)
        threading.Timer(0.2, worker.stop).start()
        before = time.monotonic()
        with self.assertRaises(Unavailable):
            worker.run_once()
        self.assertLess(time.monotonic() - before, 5)

    def test_a_stop_ends_the_wait_of_a_request_inside_the_function(self) -> None:
        @self.farm.client.worker(self.farm.source)
        def predict(job: Job, inputs: Inputs) -> Any:
            self.front.script = [(503, {"Retry-After": "30"})]
            threading.Timer(0.2, predict.stop).start()
            self.client.jobs()

        before = time.monotonic()
        with self.assertLogs("prediction_api_client.worker", "ERROR"):
            self.assertIsInstance(predict.run_once()[0].error, Unavailable)
        self.assertLess(time.monotonic() - before, 5)
        self.assertNotEqual(self.farm.client.job(self.farm.job).health.state, "failed")

    def test_a_stop_leaves_the_waits_of_others(self) -> None:
        self.front.script = [(503, {"Retry-After": "1"})]
        worker = self.farm.connect(TOKEN).worker(self.farm.source)(lambda job, inputs: None)
        ours = self.client.worker(self.farm.source)(lambda job, inputs: None)
        for each in (worker, ours):
            threading.Timer(0.2, each.stop).start()
        self.assertTrue(self.client.jobs())
        worker.stop()
        self.front.script = [(503, {"Retry-After": "1"})]
        self.assertEqual([result.error for result in ours.run_once()], [None])

    def test_idle_connections_are_bounded(self) -> None:
        client = self.farm.connect(TOKEN)
        made = self.connections()
        for _ in range(50):
            client.call("GET", f"jobs/{self.farm.job.id}")
            client.post(self.farm.job, {"times": hours(1), "air": [1]})
        still_open = [each for each in made if each.sock is not None]
        self.assertGreater(len(made), 50)
        self.assertLessEqual(len(still_open), 8)
        client.close()
        self.assertEqual([each for each in made if each.sock is not None], [])

    def test_old_idle_connections_are_closed(self) -> None:
        client = self.farm.connect(TOKEN)
        made = self.connections()
        with mock.patch("prediction_api_client.transport.IDLE_SECONDS", 0.5):
            for _ in range(3):
                client.post(self.farm.job, {"times": hours(1), "air": [1]})
            self.assertEqual(len([each for each in made if each.sock is not None]), 3)
            time.sleep(0.6)
            client.post(self.farm.job, {"times": hours(1), "air": [1]})
        self.assertEqual([each for each in made if each.sock is not None], made[-1:])

    def connections(self) -> list[http.client.HTTPConnection]:
        """Returns the list to which connections are added as clients make them."""
        made: list[http.client.HTTPConnection] = []

        class Counted(http.client.HTTPConnection):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                made.append(self)

        replaced = mock.patch("http.client.HTTPConnection", Counted)
        replaced.start()
        self.addCleanup(replaced.stop)
        return made

    def test_a_path_that_is_no_url_is_refused_at_once(self) -> None:
        for path in ("jobs/my job", "jobs/\n", "jobs/°"):
            with self.assertRaisesRegex(ValueError, "must be percent-encoded"):
                self.client.call("GET", path)
        self.assertEqual(self.front.seen, [])

    def test_a_redirect_is_reported(self) -> None:
        self.front.script = [(301, {"Location": "https://farm.example/"})]
        with self.assertRaisesRegex(Problem, "redirects to https://farm.example/"):
            self.client.jobs()

    def test_pages_keep_alive_and_gzip_below_a_base_path(self) -> None:
        self.farm.set_up("Second")
        found = self.client.jobs(organisation_id=self.farm.organisation, limit=1)
        self.assertEqual(len(found), 2)
        self.assertEqual((self.front.connections, len(self.front.seen)), (1, 2))
        self.client.call("GET", f"source_versions/{self.farm.job.source_version_id}")
        self.client.jobs(organisation_id=self.farm.organisation)
        self.assertIn("gzip", self.front.encodings)

    def test_a_body_that_is_too_large_has_its_problem(self) -> None:
        with self.assertRaises(Problem) as caught:
            self.farm.client.call("POST", "readings", ["x" * 30_000_000], repeatable=True)
        self.assertEqual(caught.exception.status, 413)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_certificates_are_verified(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
            command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
            command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
            subprocess.run(command, check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            front = Front(URL, context)
            self.addCleanup(front.close)
            self.assertTrue(self.farm.connect(TOKEN, front.url, cafile=certificate).jobs())
            with self.assertRaisesRegex(ConnectionLost, "certificate"):
                self.farm.connect(TOKEN, front.url).jobs()
