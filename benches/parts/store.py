"""Stores of any size, which are filled over HTTP as workers would fill them."""

import itertools
import json
import random

from .crowd import CLIENTS, Connection, share
from .points import FIRST_HOUR, POINTS, TEXTS, stamp_of_second
from .processes import say
from .product import Product, create_source, file_size, job_setup, series

# Values are a second apart, so that the issue times of a long history have all passed.
STEP = "PT1S"

# One job has this share of all points, so that a long history is measured, too.
HISTORY = 1 / 50


class Size:
    """The numbers of a store. Each job has the same number of runs of a thousand points, except the first."""

    def __init__(self, jobs, organisations, runs, history):
        self.jobs, self.organisations, self.runs, self.history = jobs, organisations, runs, history
        self.posts = (jobs - 1) * runs + history

    @classmethod
    def of(cls, jobs, organisations, points):
        runs = max(1, round(points * (1 - HISTORY) / POINTS / jobs))
        return cls(jobs, organisations, runs, max(runs, round(points * HISTORY / POINTS)))

    def small(self, jobs):
        """Returns a store of fewer jobs. Each has as many runs, and each organisation as many jobs."""
        return Size(jobs, max(1, round(jobs * self.organisations / self.jobs)), self.runs, self.runs)

    def __str__(self):
        points, of_one = (f"{posts * POINTS / 1e6:,.2f}" for posts in (self.posts, self.history))
        return (f"{self.jobs:,} jobs, {self.organisations:,} organisations, {points} million points, of which one job has "
                f"{of_one} million")


def organisation(number):
    """Returns the id of an organisation."""
    return f"11111111-1111-1111-1111-{number:012}"


def start_of(run):
    """Returns the first time of a run, counted from 0."""
    return stamp_of_second(FIRST_HOUR * 3600 + run * POINTS)


def fill(stack, executable, folder, size, random_digits):
    """Fills a store. Returns the ids of its jobs in their order, and the peak memory of the server in MB."""
    product = Product(stack, executable, folder)
    create_source(product)

    def watch():
        product.process.demand_running()
        return f"file {file_size(folder) / 1e9:.2f} GB, peak {product.process.memory('VmHWM'):.0f} MB"

    # The first of each organisation creates it. Names of jobs are unique in an organisation.
    def set_up(client, report):
        connection, created = Connection(product.address), []
        for number in range(client, size.jobs, CLIENTS):
            body = job_setup(organisation(number % size.organisations), f"job {number}")
            created.append(json.loads(connection.post("/api/v1/jobs/setup", json.dumps(body)))["id"])
            report()
        return created

    # The version must be there before several clients refer to it.
    product.call("POST", "/api/v1/jobs/setup", job_setup(organisation(0), "job 0"))
    say(f"  {size}")
    shares = share(set_up, size.jobs, "jobs", watch)
    jobs = [shares[number % CLIENTS][number // CLIENTS] for number in range(size.jobs)]
    texts = TEXTS
    if random_digits:
        digits = random.Random(0)
        texts = [json.dumps([digits.random() for _ in range(POINTS)]) for _ in TEXTS]

    def post(client, report):
        connection = Connection(product.address)
        # All jobs get their next run before any gets the one after, as time does it. The long history comes last.
        mine = range(client, size.jobs, CLIENTS)
        rounds = itertools.product(range(size.runs), mine)
        more = ((issue, 0) for issue in range(size.runs, size.history)) if client == 0 else ()
        for issue, number in itertools.chain(rounds, more):
            start = start_of(issue)
            body = series(jobs[number], start, texts[(issue + number) % len(texts)], start, STEP)
            connection.post("/api/v1/predictions", body)
            report()

    share(post, size.posts, "runs of 1,000 points", watch)
    peak = product.process.memory("VmHWM")
    product.stop()
    return jobs, peak
