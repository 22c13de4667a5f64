"""An S3 endpoint in front of a real one that misbehaves: by chance, or at the moment it is told to."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Fault = Literal["500", "503", "slow", "reset", "409", "answer lost"]
Moment = Literal["before", "after"]
"""Of an object's creation: when the request is in and the store has not seen it, or when the store has created it and the writer does not know."""

CREATE_FAULTS: tuple[Fault, ...] = ("500", "503", "slow", "reset", "409", "answer lost")
OTHER_FAULTS: tuple[Fault, ...] = ("500", "503", "slow", "reset", "answer lost")
HELD_LIMIT_S = 120.0
_SLOWEST_S = 2.0
_STORE_LIMIT_S = 30.0
_REFUSALS: Mapping[Fault, tuple[int, str]] = {"500": (500, "InternalError"), "503": (503, "SlowDown"), "409": (409, "ConditionalRequestConflict")}
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "expect"}


class Answer(NamedTuple):
    """What the store says."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Held:
    """One creation that stands still from when it has `arrived` until it is released; it is `settled` when the store has answered."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.arrived = threading.Event()
        self.settled = threading.Event()
        self.forward = True
        self._released = threading.Event()

    def release(self, *, forward: bool = True) -> None:
        """Let it go on; without `forward` the store never hears of a creation that is held before."""
        self.forward = forward
        self._released.set()

    def stand(self) -> None:
        """Wait for the release."""
        self.arrived.set()
        self._released.wait(HELD_LIMIT_S)


class FaultyStore(ThreadingHTTPServer):
    """Forwards to `upstream` (host:port), but for a `share` of the requests, to which it does a fault that `chance` draws.

    Without `create_only` it drops the header that keeps an object from being overwritten. `faults` counts what was done by kind,
    `creations` the tries to create a raw object.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, upstream: str, chance: random.Random, share: float, *, create_only: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.create_only = create_only
        self.share = share
        self.faults: Counter[Fault] = Counter()
        self.creations = 0
        self._chance = chance
        self._lock = threading.Lock()
        self._held: Held | None = None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def hold(self, moment: Moment) -> Held:
        """Make the next creation of a raw object stand still at `moment`."""
        with self._lock:
            self._held = Held(moment)
            return self._held

    def taken(self) -> Held | None:
        """The hold that waits for a creation, once."""
        with self._lock:
            held, self._held = self._held, None
        return held

    def count_creation(self) -> None:
        """Note a try."""
        with self._lock:
            self.creations += 1

    def drawn(self, *, create: bool) -> tuple[Fault | None, float]:
        """What happens to a request, and a share of the longest delay."""
        with self._lock:
            chance = self._chance.random()
            delay = self._chance.random()
            fault = self._chance.choice(CREATE_FAULTS if create else OTHER_FAULTS)
            if chance >= self.share:
                return None, delay
            self.faults[fault] += 1
        return fault, delay

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed does not read its answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyStore

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        create = self.command == "PUT" and "/raw/" in self.path
        if create:
            self.server.count_creation()
        held = self.server.taken() if create else None
        if held:
            self._held(held, body)
            return
        fault, delay = self.server.drawn(create=create)
        if fault and fault in _REFUSALS:
            self._refuse(*_REFUSALS[fault])
        elif fault == "reset":
            self._reset()
        elif fault == "answer lost":
            self._forwarded(body)
            self._reset()
        else:
            if fault == "slow":
                time.sleep(delay * _SLOWEST_S)
            self._answer(self._forwarded(body))

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Faults are counted, not told one by one."""

    def _held(self, held: Held, body: bytes) -> None:
        answer = self._forwarded(body) if held.moment == "after" else None
        held.stand()
        if answer is None and not held.forward:
            self._reset()
            return
        answer = answer or self._forwarded(body)
        held.settled.set()
        self._answer(answer)

    def _forwarded(self, body: bytes) -> Answer:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        if not self.server.create_only:
            headers = {name: value for name, value in headers.items() if name.lower() != "if-none-match"}
        connection = HTTPConnection(self.server.upstream, timeout=_STORE_LIMIT_S)
        try:
            connection.request(self.command, self.path, body, headers)
            found: HTTPResponse = connection.getresponse()
            kept = [(name, value) for name, value in found.getheaders() if name.lower() not in _NOT_FORWARDED]
            # What a HEAD tells of the length is the object's, not the answer's.
            length = found.getheader("Content-Length") if self.command == "HEAD" else None
            content = found.read()
            return Answer(found.status, [*kept, ("Content-Length", length or str(len(content)))], content)
        finally:
            connection.close()

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _refuse(self, status: int, code: str) -> None:
        body = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code><Message>by chance</Message></Error>".encode()
        self._answer(Answer(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body))

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
