"""Receives a webhook from a running server, and verifies it with another implementation of the convention, the package
standardwebhooks: tests/webhooks.py URL TOKEN. The server must be allowed to call this machine.
"""

import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

URL, TOKEN = sys.argv[1:]
received = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        received.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def call(method, path, body=None):
    request = urllib.request.Request(f"{URL}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    data = None
    if body is not None:
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode()
    with urllib.request.urlopen(request, data, timeout=30) as answer:
        return json.load(answer)


def is_verified(secret, headers, body):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def main():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = call("POST", "/webhooks", {"name": "verified", "url": f"http://127.0.0.1:{server.server_port}/hooks"})
    path, first = f"/webhooks/{made['id']}", made["secret"]
    second = call("PUT", path, {"secret": None})["secret"]
    given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    # After a rotation, the secret before signs too; the one before that does not, nor one that was dropped.
    rotations = [(second, first, given, None), (given, second, first, {"secret": given}),
                 (given, given, second, {"drop_old_secret": True})]
    for secret, also, never, change in rotations:
        if change:
            call("PUT", path, change)
        tried = call("POST", f"{path}/test")
        headers, body = received[-1]
        assert tried["delivered"] and tried["message_id"] == headers["webhook-id"], tried
        assert is_verified(secret, headers, body), "the signature does not hold"
        assert is_verified(also, headers, body), "the signature of the secret before does not hold"
        assert not is_verified(never, headers, body), "the signature holds with another secret"
        assert not is_verified(secret, headers, body + " "), "the signature holds for another body"
        later = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}
        assert not is_verified(secret, later, body), "the signature holds at another time"
        message = json.loads(body)
        assert message["type"] == "webhook.test" and set(message) == {"type", "timestamp", "data"}, body
    print(f"webhooks: {len(received)} messages were verified by another implementation")


main()
