"""A request to stop, which a signal handler can make."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Stop:
    """Ends waits in all threads once it is set.

    ``threading.Event`` has a lock, for which a signal handler would wait forever if it interrupted the holder. The
    queue has none.
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

    def clear(self) -> None:
        """Withdraws the request."""
        self._set = False
        while not self._wake.empty():
            self._wake.get_nowait()

    def wait(self, seconds: float) -> bool:
        """Waits for the time, or until a stop is requested, and returns whether one was."""
        try:
            self._wake.get(timeout=max(seconds, 0.0))
        except Empty:
            return self._set
        # Other threads may wait as well.
        self._wake.put(None)
        return self._set
