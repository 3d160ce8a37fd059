"""Tests times and durations, without a server."""

from __future__ import annotations

import unittest
from datetime import date, datetime, timedelta, timezone

from farm import HOUR
from prediction_api_client.times import duration_text, parse_duration, parse_time, time_text


class Times(unittest.TestCase):
    def test_times_become_utc(self) -> None:
        east = timezone(timedelta(hours=2))
        self.assertEqual(time_text(datetime(2026, 6, 1, 2, tzinfo=east)), "2026-06-01T00:00:00.000000Z")
        self.assertEqual(time_text("2026-06-01 02:00+0200"), "2026-06-01T00:00:00.000000Z")
        self.assertEqual(time_text(date(2026, 6, 1)), "2026-06-01")
        self.assertEqual(parse_time("2026-06-01T00:00:00.5Z").microsecond, 500_000)

    def test_a_time_without_a_zone_is_refused(self) -> None:
        for naive in (datetime(2026, 6, 1), "2026-06-01T00:00:00"):
            with self.assertRaisesRegex(ValueError, "has no time zone"):
                time_text(naive)
        with self.assertRaisesRegex(ValueError, "not an ISO 8601 time"):
            time_text("yesterday")

    def test_durations(self) -> None:
        self.assertEqual(parse_duration("P1DT2H0.5S"), timedelta(days=1, hours=2, seconds=0.5))
        self.assertEqual(parse_duration("-PT1H"), -HOUR)
        self.assertEqual(duration_text(timedelta(hours=-1, microseconds=5)), "-PT3599.999995S")
        self.assertEqual(duration_text(90), "PT90S")
