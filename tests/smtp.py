"""Receives e-mail from servers by another implementation of SMTP, the package aiosmtpd: tests/smtp.py EXECUTABLE. Each
mail server differs in its encryption, its login and its replies. openssl makes the certificates.
"""

import json
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

# The package reports the connections that are refused on purpose.
logging.getLogger("mail.log").disabled = True
warnings.simplefilter("ignore")

EXECUTABLE = os.path.abspath(sys.argv[1])
PASSWORD = "correct-horse-7"
JOB = "c0000000-0000-4000-8000-000000000012"
HOME = "c0000000-0000-4000-8000-000000000001"
NAME = "Kälte & <Frost> 🍇, Hang 3"
MAILS = 0
TO = ["grower@farm.example", "office@farm.example"]


class Mailbox:
    """Accepts mail, unless it is to reply otherwise."""

    def __init__(self):
        self.received, self.replies = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "RCPT" in self.replies:
            return self.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global MAILS
        MAILS += 1
        self.received.append((envelope, session))
        return self.replies.get("DATA", "250 accepted")


def authenticator(server, session, envelope, mechanism, data):
    is_good = data.login == b"alerts" and data.password == PASSWORD.encode()
    return AuthResult(success=is_good, handled=is_good)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def controller(mailbox, certificate, kind, **options):
    """Starts a mail server: plain, starttls or tls."""
    context, place = None, {"hostname": "127.0.0.1", "port": free_port()}
    if kind != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    if kind == "tls":
        made = Controller(mailbox, **place, ssl_context=context, **options)
    elif kind == "starttls":
        made = Controller(mailbox, **place, tls_context=context, require_starttls=True, **options)
    else:
        made = Controller(mailbox, **place, **options)
    made.start()
    return made


def certify(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext",
         "basicConstraints=critical,CA:FALSE", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )


class Server:
    """The executable on a fresh folder, with a webhook of the format email."""

    def __init__(self, **settings):
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name, "log")
        environment = dict(os.environ, PREDICTION_API_PUBLIC_URL="https://farm.example/p")
        settings = {"host": "127.0.0.1", "from": "Höfe <alerts@farm.example>", **settings}
        for name, value in settings.items():
            environment[f"PREDICTION_API_SMTP__{name.upper()}"] = str(value)
        self.environment = environment
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "--listen", "127.0.0.1:0", "--log-level", "trace"], cwd=self.folder.name,
                stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        greeting = ""
        while "Ctrl-C" not in greeting:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"the server ended: {greeting}{self.log.read_text()}")
            greeting += line
        self.url = re.search(r"Swagger UI +(http://\S+)/swagger", greeting)[1]
        self.token = Path(self.folder.name, "data", "admin-token").read_text().strip()
        self.texts = []
        self.call("POST", "/jobs/setup", {
            "organisation_id": HOME, "source": {"name": "frost-watch"},
            "source_version": {"version": "1", "output_roles": [{"role": "air", "metric": "celsius"}]},
            "job": {"id": JOB, "name": NAME}})
        made = self.call("POST", "/webhooks", {
            "name": "growers", "format": "email", "to": TO, "organisation_id": HOME})
        assert "secret" not in made and "url" not in made, made
        self.path = f"/webhooks/{made['id']}"

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            self.texts.append(answer.read().decode())
            return json.loads(self.texts[-1])

    def test(self):
        return self.call("POST", f"{self.path}/test")

    def fail(self, message="no readings\r\nBcc: stranger@other.example\r\n.\r\nQUIT"):
        self.call("POST", f"/jobs/{JOB}/runs", {"status": "failed", "message": message})

    def message(self, fits):
        """The newest message, once it is as demanded."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            messages = self.call("GET", f"{self.path}/deliveries")
            if messages and fits(messages[0]):
                return messages[0]
            time.sleep(0.05)
        sys.exit(f"the message is not as expected: {messages}\n{self.log.read_text()[-2000:]}")

    def end(self):
        """Stops the server. Its password was shown nowhere."""
        shown = subprocess.run([EXECUTABLE, "config"], cwd=self.folder.name, env=self.environment, capture_output=True, text=True)
        assert shown.returncode == 0, shown.stderr
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        for text in [self.log.read_text(), shown.stdout, *self.texts]:
            assert PASSWORD not in text, text
        self.folder.cleanup()


def is_delivered(message):
    return message["state"] == "delivered"


def check_mail(mailbox, message, subject, lines):
    """The newest mail is that message, as a mail program reads it."""
    envelope, _ = mailbox.received[-1]
    assert envelope.mail_from == "alerts@farm.example" and envelope.rcpt_tos == TO, envelope.rcpt_tos
    raw = envelope.content
    head = raw.split(b"\r\n\r\n")[0]
    assert head.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998, raw
    mail = message_from_bytes(raw, policy=default)
    assert not mail.defects, mail.defects
    names = ["From", "Subject", "Date", "Message-ID", "Auto-Submitted", "To", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert sorted(set(mail.keys()) - set(names)) == [], mail.keys()
    assert all(len(mail.get_all(name)) == 1 for name in mail.keys()), mail.keys()
    assert mail["From"] == "Höfe <alerts@farm.example>", mail["From"]
    assert [address.addr_spec for address in mail["To"].addresses] == TO, mail["To"]
    assert mail["Subject"] == subject, mail["Subject"]
    assert mail["Message-ID"] == f"<{message}@farm.example>", mail["Message-ID"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    body = mail.get_content()
    for line in lines:
        assert line in body, (line, body)


def delivered(mailbox, server):
    """A test and a failed run arrive."""
    tried = server.test()
    assert tried["delivered"] and tried["status"] == 250, tried
    check_mail(mailbox, tried["message_id"], "Test message", ['The webhook "growers" works.'])
    server.fail()
    done = server.message(is_delivered)
    assert done["last_status"] == 250 and done["attempts"] == 1, done
    check_mail(mailbox, done["id"], f"{NAME}: a run failed", [
        "frost-watch reported a failed run on ", "Message: no readings Bcc: stranger@other.example . QUIT",
        f"https://farm.example/p/#/jobs/{JOB}"])
    assert len(mailbox.received) == 2, mailbox.received


def main():
    folder = Path(tempfile.mkdtemp())
    certify(folder)
    authority = folder / "certificate.pem"
    password_file = folder / "password"
    password_file.write_text(PASSWORD + "\n")

    # The three encryptions, with and without a login.
    login = {"username": "alerts", "password": PASSWORD}
    for kind, tls, more in [
        ("plain", "none", {}),
        ("starttls", "starttls", {"ca_file": authority}),
        ("starttls", "starttls", {"ca_file": authority, **login}),
        ("starttls", "starttls", {"ca_file": authority, "host": "localhost", "username": "alerts", "password_file": password_file}),
        ("tls", "tls", {"ca_file": authority, **login}),
    ]:
        mailbox = Mailbox()
        options = {"authenticator": authenticator, "auth_required": True} if "username" in more else {}
        if kind == "tls":
            options["auth_require_tls"] = False
        mail = controller(mailbox, folder, kind, **options)
        server = Server(port=mail.port, tls=tls, **more)
        delivered(mailbox, server)
        session = mailbox.received[-1][1]
        assert ("username" in more) == bool(session.authenticated), session
        server.end()
        mail.stop()

    # A server without encryption, or with a certificate that nobody trusts, gets neither a password nor a message.
    for kind, tls, more in [("plain", "starttls", {"ca_file": authority}), ("starttls", "starttls", {}), ("tls", "tls", {})]:
        mailbox = Mailbox()
        options = {"authenticator": authenticator, "auth_require_tls": False} if kind == "plain" else {}
        mail = controller(mailbox, folder, kind, **options)
        server = Server(port=mail.port, tls=tls, **login, **more)
        tried = server.test()
        assert not tried["delivered"] and "status" not in tried and tried["error"], tried
        assert mailbox.received == []
        server.end()
        mail.stop()

    # A wrong password is the operator's to correct: the message waits.
    mailbox = Mailbox()
    mail = controller(mailbox, folder, "starttls", authenticator=authenticator, auth_required=True)
    wrong = folder / "wrong"
    wrong.write_text("wrong-horse")
    server = Server(port=mail.port, ca_file=authority, username="alerts", password_file=wrong)
    server.fail()
    waits = server.message(lambda message: message["attempts"] == 1)
    assert waits["state"] == "pending" and waits["last_status"] == 535, waits
    # The file is read for each message.
    wrong.write_text(PASSWORD)
    done = server.message(is_delivered)
    assert done["id"] == waits["id"] and done["attempts"] == 2, done
    server.end()
    mail.stop()

    # A temporary refusal is retried under the same Message-ID; a permanent one is given up.
    mailbox = Mailbox()
    mail = controller(mailbox, folder, "plain")
    server = Server(port=mail.port, tls="none")
    mailbox.replies["DATA"] = "451 try again later"
    server.fail()
    waits = server.message(lambda message: message["attempts"] == 1)
    assert waits["state"] == "pending" and waits["last_status"] == 451 and "try again" in waits["last_error"], waits
    mailbox.replies.clear()
    server.message(is_delivered)
    mails = [message_from_bytes(envelope.content, policy=default) for envelope, _ in mailbox.received]
    assert len(mails) == 2 and mails[0].as_bytes() == mails[1].as_bytes(), mails
    mailbox.replies["RCPT"] = "550 no such user"
    server.fail("again")
    server.call("POST", f"/jobs/{JOB}/runs", {"status": "ok"})
    given_up = server.message(lambda message: message["state"] == "failed")
    assert given_up["attempts"] == 1 and given_up["last_status"] == 550, given_up
    server.end()

    # Nobody listens there any more.
    mail.stop()
    server = Server(port=mail.port, tls="none")
    tried = server.test()
    assert not tried["delivered"] and "onnect" in tried["error"], tried
    server.end()
    print(f"e-mail: {MAILS} messages were received by another implementation")


main()
