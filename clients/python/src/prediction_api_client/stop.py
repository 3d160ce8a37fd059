"""A request to stop, which a signal handler can make, and the waits that it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import Empty, SimpleQueue


class Stop:
    """Ends waits in all threads once it is set. It stays set: each run has a stop of its own.

    ``threading.Event`` and ``threading.Condition`` have a lock. A signal handler that interrupts the thread that holds
    the lock would wait for it forever. The queue has none, and its ``put`` may be called from a signal handler.
    """

    def __init__(self) -> None:
        self._set = False
        self._wake: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Requests to stop."""
        self._set = True
        self._wake.put(None)

    def is_set(self) -> bool:
        """Returns whether a stop was requested."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Waits for the time, or until a stop is requested, and returns whether one was."""
        if not self._set:
            try:
                self._wake.get(timeout=max(seconds, 0.0))
                # Other threads may wait as well.
                self._wake.put(None)
            except Empty:
                pass
        return self._set

    @contextmanager
    def ends_pauses(self) -> Iterator[None]:
        """Makes the stop end the pauses of this thread inside the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


#: A context variable and no argument, so that the requests inside a worker's function have the stop of its run too.
_current: ContextVar[Stop | None] = ContextVar("prediction_api_client.stop", default=None)


def pause(seconds: float) -> bool:
    """Waits for the time, and returns whether the stop of the worker that runs in this thread was requested."""
    stop = _current.get()
    if stop is None:
        time.sleep(max(seconds, 0.0))
        return False
    return stop.wait(seconds)
