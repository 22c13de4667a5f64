"""Notices reach a real HTTP server and a real SMTP server on the loopback address, and secrets reach no log."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from tests.fakes.channel import MemoryChannel
from tests.fixtures.services import free_port, settings
from ticklake.errors import NotifierUnavailable
from ticklake_io.notices import Notice, open_channels, tell

NOTICE = Notice("load_slow", "raised", "Loads are slow", "p95 is 45 s\nlook at the scheduler", datetime(2026, 11, 23, 14, 30, tzinfo=UTC))
SECRET = "/services/T0/B0/secret"


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted; an address that ends with "full" is refused."""

    posted: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, json.loads(body)))
        self.send_response(503 if self.path.endswith("full") else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Mail(socketserver.StreamRequestHandler):
    """Just enough SMTP to take one mail; `refuses` the sender when told to."""

    mails: ClassVar[list[str]] = []
    refuses: ClassVar[bool] = False

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.mails.append(b"".join(lines).decode())
            self.wfile.write(b"550 no\r\n" if verb == b"MAIL" and self.refuses else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.posted.clear()
    with served(HTTPServer(("127.0.0.1", 0), Hook)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def mail_port() -> Iterator[int]:
    Mail.mails.clear()
    Mail.refuses = False
    with served(socketserver.TCPServer(("127.0.0.1", 0), Mail)) as port:
        yield port


def test_slack_and_webhook_get_the_notice(hook: str) -> None:
    channels = open_channels(settings(notify_slack_url=f"{hook}/slack", notify_webhook_url=f"{hook}/any"))
    assert tell(NOTICE, channels) == []
    (slack, text), (webhook, fields) = Hook.posted
    assert (slack, webhook) == ("/slack", "/any")
    assert text == {"text": ":red_circle: *Loads are slow*\np95 is 45 s\nlook at the scheduler"}
    assert fields == {"name": "load_slow", "state": "raised", "title": NOTICE.title, "text": NOTICE.text, "at": "2026-11-23T14:30:00+00:00"}


def test_email_gets_the_notice(mail_port: int) -> None:
    mail = settings(notify_email_to="a@example.com, b@example.com", smtp_host="127.0.0.1", smtp_port=mail_port, smtp_security="none")
    assert tell(NOTICE, open_channels(mail)) == []
    (text,) = Mail.mails
    assert "Subject: [ticklake] Loads are slow" in text
    assert "To: a@example.com, b@example.com" in text
    assert "p95 is 45 s" in text


def test_a_mail_server_that_refuses_is_named_as_such(mail_port: int) -> None:
    Mail.refuses = True
    mail = settings(notify_email_to="a@example.com", smtp_host="127.0.0.1", smtp_port=mail_port, smtp_security="none")
    with pytest.raises(NotifierUnavailable, match="mail server"):
        open_channels(mail)[0].send(NOTICE)


def test_one_channel_out_of_order_does_not_keep_the_others_from_it(hook: str) -> None:
    memory = MemoryChannel()
    channels = open_channels(settings(notify_slack_url=f"{hook}/full", notify_webhook_url=f"http://127.0.0.1:{free_port()}"))
    assert tell(NOTICE, [*channels, memory]) == ["slack", "webhook"]
    assert memory.taken == [NOTICE]


def test_the_address_which_is_a_secret_is_neither_logged_nor_told(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    closed = f"http://127.0.0.1:{free_port()}{SECRET}"
    open_channels(settings(notify_slack_url=f"{hook}{SECRET}"))[0].send(NOTICE)
    for url in (f"{hook}{SECRET}/full", closed, f"not an address{SECRET}"):
        with pytest.raises(NotifierUnavailable) as caught:
            open_channels(settings(notify_slack_url=url))[0].send(NOTICE)
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text
    assert len(Hook.posted) == 2


def test_nobody_to_tell_is_no_fault() -> None:
    assert open_channels(settings()) == []
    assert tell(NOTICE, []) == []
