"""A proxy before the real server. It can refuse or drop requests first, so that retries can be tested."""

from __future__ import annotations

import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: Closes the connection without a response, after the server has handled the request.
DROP = 0


class Front:
    """Serves the real server under the base path ``/farm``. ``script`` has the statuses that requests get first."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[tuple[int, dict[str, str]]] = []
        self.seen: list[tuple[str, str]] = []
        self.encodings: list[str | None] = []
        self.connections = 0
        front, address = self, urlsplit(upstream)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                front.connections += 1

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                front.seen.append((self.command, self.path))
                status, headers = front.script.pop(0) if front.script else (None, {})
                if status:
                    self.answer(status, headers, b"")
                    return
                server = http.client.HTTPConnection(address.hostname or "", address.port)
                sent = {name: value for name, value in self.headers.items() if name != "Host"}
                server.request(self.command, self.path[len("/farm") :], body or None, sent)
                response = server.getresponse()
                content = response.read()
                server.close()
                if status == DROP:
                    self.close_connection = True
                    return
                front.encodings.append(response.getheader("content-encoding"))
                hop = ("content-length", "transfer-encoding", "connection")
                kept = {name: value for name, value in response.getheaders() if name.lower() not in hop}
                self.answer(response.status, kept, content)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/farm"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
