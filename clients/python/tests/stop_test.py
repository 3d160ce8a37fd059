"""Tests the request to stop without a server."""

from __future__ import annotations

import signal
import threading
import time
import unittest

from prediction_api_client.stop import Stop, pause


class Stopping(unittest.TestCase):
    def test_a_wait_without_a_stop_takes_its_time(self) -> None:
        stop, before = Stop(), time.monotonic()
        self.assertFalse(stop.wait(0.2))
        self.assertFalse(stop.wait(-1))
        self.assertGreaterEqual(time.monotonic() - before, 0.19)

    def test_a_stop_ends_the_waits_of_all_threads_for_good(self) -> None:
        def wait(stop: Stop, ended: list[bool]) -> None:
            ended.append(stop.wait(30))

        for _ in range(100):
            stop = Stop()
            ended: list[bool] = []
            threads = [threading.Thread(target=wait, args=(stop, ended)) for _ in range(8)]
            for each in threads:
                each.start()
            stop.set()
            for each in threads:
                each.join(5)
            self.assertEqual(ended, [True] * 8)
            self.assertTrue(stop.wait(30))

    def test_a_stop_ends_only_the_pauses_inside_its_block(self) -> None:
        stop, other = Stop(), []
        stop.set()
        with stop.ends_pauses():
            thread = threading.Thread(target=lambda: other.append(pause(0.1)))
            thread.start()
            thread.join()
            with Stop().ends_pauses():
                self.assertFalse(pause(0.01))
            self.assertTrue(pause(30))
        self.assertFalse(pause(0.01))
        self.assertEqual(other, [False])

    @unittest.skipUnless(hasattr(signal, "setitimer"), "the system has no timer signals")
    def test_a_signal_handler_may_set_it_at_any_moment(self) -> None:
        stops = [Stop()]
        before = signal.signal(signal.SIGALRM, lambda *_: stops[-1].set())
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
        for _ in range(1000):
            stops.append(Stop())
            self.assertTrue(stops[-1].wait(30))
