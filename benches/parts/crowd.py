"""Work that several processes share, each with a connection of its own."""

import multiprocessing
import queue
import signal
import socket
import time

from .processes import PATIENCE, Failed, say
from .product import TOKEN

# Connections that post at the same time share commits.
CLIENTS = 8

# Seconds between two lines of progress.
PAUSE = 10


class Connection:
    """A connection that sends posts as cheaply as possible, so that most of the time is the server's."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"Host: {address}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"

    def post(self, path, body):
        """Returns the body of the response. Fails unless the request succeeds."""
        body = body.encode()
        head = f"POST {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, _, answer = received.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        fields = dict(field.lower().split(": ", 1) for field in fields)
        while len(answer) < int(fields["content-length"]):
            answer += self.more()
        if not 200 <= int(status.split()[1]) < 300:
            raise Failed(f"POST {path}: {status} {answer[:300]}")
        return answer

    def more(self):
        received = self.socket.recv(65536)
        if not received:
            raise Failed("the server closed a connection")
        return received


def share(work, count, unit, watch):
    """Runs `work(client, report)` in each process, which reports every finished part of all `count`. Prints progress and
    an estimate, calls `watch` meanwhile, and returns what each client returned."""
    results = multiprocessing.Queue()
    done = [multiprocessing.Value("q", 0, lock=False) for _ in range(CLIENTS)]
    children = [
        multiprocessing.Process(target=client, args=(work, number, done[number], results), daemon=True)
        for number in range(CLIENTS)
    ]
    begun = said = time.monotonic()
    before = 0
    for child in children:
        child.start()
    try:
        found = {}
        while len(found) < CLIENTS:
            try:
                number, result, failure = results.get(timeout=0.5)
            except queue.Empty:
                if any(child.exitcode for child in children):
                    raise Failed("a client ended without a result") from None
            else:
                if failure:
                    raise Failed(failure)
                found[number] = result
            now = time.monotonic()
            if now >= said + PAUSE:
                finished = sum(value.value for value in done)
                pace = (finished - before) / (now - said)
                left = (count - finished) / pace if pace else float("inf")
                say(f"  {finished / count:4.0%} {finished:,} of {count:,} {unit}, {pace:,.0f}/s, {left / 60:.1f} min left, "
                    f"{watch()}")
                before, said = finished, now
        say(f"  {count:,} {unit} in {time.monotonic() - begun:.0f} s, {watch()}")
        return [found[number] for number in range(CLIENTS)]
    finally:
        for child in children:
            child.terminate()
            child.join()


def client(work, number, done, results):
    """Runs in a process of its own."""
    # The command ends its clients itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def report():
        done.value += 1

    try:
        results.put((number, work(number, report), None))
    except (Failed, OSError, ValueError, KeyError) as failure:
        results.put((number, None, f"client {number}: {failure}"))
