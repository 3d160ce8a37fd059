"""Predicted temperatures."""

import json
import math
import random
import time

# Number of points of a run.
POINTS = 1_000

# First predicted hour, counted from 1970: 2014-01-01.
FIRST_HOUR = 385_704


def stamp_of_second(second):
    """Returns a time in RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def stamp(hour):
    """Returns an hour in RFC 3339."""
    return stamp_of_second(hour * 3600)


def values(seed, count=POINTS, digits=1):
    """Returns the temperatures of successive hours: the year, the day, passing fronts, and noise."""
    noise = random.Random(seed)

    def value(hour):
        year, day = 9 * math.sin(math.tau * hour / 8766), 4 * math.sin(math.tau * hour / 24)
        front = 3 * math.sin(math.tau * (hour / 113 + seed / 7))
        return round(11 + seed % 5 + year + day + front + noise.uniform(-0.4, 0.4), digits)

    return [value(hour) for hour in range(count)]


# Different runs, as numbers and as JSON. Creating each post anew would take longer than storing it.
RUNS = [values(seed) for seed in range(64)]
TEXTS = [json.dumps(run, separators=(",", ":")) for run in RUNS]
