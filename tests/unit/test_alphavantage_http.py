"""Alpha Vantage over a real connection to a server that misbehaves; the key is in every question, and nowhere else."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from streaming.producer.source import Request
from streaming.producer.sources.alphavantage import build
from streaming.producer.sources.alphavantage.feed import Feed
from tests.fixtures.alphavantage import KEY, answer
from tests.fixtures.logs import logged
from ticklake.clock import SystemClock
from ticklake.errors import BadPayload, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.instruments import Instrument, Instruments
from ticklake_io import http
from ticklake_io.alphavantage.settings import AlphaVantageSettings
from ticklake_io.http import HttpxClient

LISTED = Instruments((Instrument(symbol="IBM", name="IBM", calendar="XNYS", primary="alphavantage"),))
TIMEOUT_S = 0.4


class Misbehaving(ThreadingHTTPServer):
    """Does what `mode` says to whoever asks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = "good"
        self.asked: list[dict[str, list[str]]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/query"


class Handler(BaseHTTPRequestHandler):
    server: Misbehaving
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(parse_qs(urlsplit(self.path).query))
        getattr(self, self.server.mode)()

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def good(self, status: int = 200, body: bytes | None = None, **headers: str) -> None:
        body = answer("global_quote").body if body is None else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def too_many(self) -> None:
        self.good(429, KEY.encode(), Retry_After="17")

    def overloaded(self) -> None:
        self.good(503, KEY.encode())

    def refused(self) -> None:
        self.good(403, KEY.encode())

    def garbage(self) -> None:
        self.good(200, b"\x00<html>" + KEY.encode())

    def redirect(self) -> None:
        self.good(302, b"", Location=f"{self.server.url}?apikey={KEY}")

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"Global')
        self.close_connection = True

    def mute(self) -> None:
        self.server.over.wait(10)
        self.close_connection = True

    def drip(self) -> None:
        """A byte at a time, each well within the limit for one."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while not self.server.over.wait(TIMEOUT_S / 8):
            try:
                self.wfile.write(b" ")
            except OSError:
                break
        self.close_connection = True


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@contextmanager
def source(url: str, path: Path) -> Iterator[Feed]:
    own = AlphaVantageSettings(key=SecretStr(KEY), url=url, plan="1200", timeout_s=TIMEOUT_S)
    clock = SystemClock()
    client = HttpxClient(clock, own.timeout_s)
    try:
        yield build(Request(symbols=("IBM",)), own, path, LISTED, clock, client)
    finally:
        client.close()


def wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


BAD: list[tuple[str, type[TicklakeError]]] = [
    ("too_many", SourceUnavailable),
    ("overloaded", SourceUnavailable),
    ("refused", SourceRefused),
    ("garbage", BadPayload),
    ("redirect", BadPayload),
    ("reset", SourceUnavailable),
    ("cut", SourceUnavailable),
    ("mute", SourceUnavailable),
    ("drip", SourceUnavailable),
]


@pytest.mark.parametrize(("mode", "error"), [("good", None), *BAD])
def test_what_goes_wrong_is_classified_and_tells_nobody_the_key(
    server: Misbehaving, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: str, error: type[TicklakeError] | None
) -> None:
    server.mode = mode
    for name in (None, "httpx", "httpcore"):  # at the lowest level there is, wherever somebody sets it
        caplog.set_level(logging.DEBUG, logger=name)
    seen: list[str] = []
    with source(server.url, tmp_path) as feed, logged() as events:
        try:
            list(feed._ask(("IBM",)))
            came, after_s = None, None
        except TicklakeError as raised:
            came, after_s = type(raised), getattr(raised, "after_s", None)
            seen += [repr(raised), *traceback.format_exception(raised)]
        seen += [str(feed.health()), repr(feed), str(vars(feed))]
    assert came is error
    assert after_s == (17 if mode == "too_many" else None)
    assert [asked["apikey"] for asked in server.asked] == [[KEY]]  # once: a redirect is not followed
    lines = [caplog.text, *map(str, caplog.records), *(str(record.__dict__) for record in caplog.records), *map(str, events)]
    assert "httpx" in caplog.text or mode in ("reset", "mute")
    assert [text for text in [*seen, *lines] if KEY in text] == []


def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with source(f"http://127.0.0.1:{closed.getsockname()[1]}/query", tmp_path) as feed, pytest.raises(SourceUnavailable) as raised:
            feed._ask(("IBM",))
    assert str(raised.value) == "127.0.0.1 cannot be reached: ConnectError"


@pytest.mark.parametrize("mode", ["mute", "drip"])
def test_an_answer_has_a_limit_as_a_whole(server: Misbehaving, tmp_path: Path, mode: str) -> None:
    server.mode = mode
    begin = time.monotonic()
    with source(server.url, tmp_path) as feed, pytest.raises(SourceUnavailable, match=r"did not answer in 0\.4 s"):
        feed._ask(("IBM",))
    assert time.monotonic() - begin < 4 * TIMEOUT_S


def test_an_answer_beyond_all_measure_is_not_read_to_its_end(server: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 100)
    with source(server.url, tmp_path) as feed, pytest.raises(BadPayload, match="more than 100 bytes"):
        feed._ask(("IBM",))


def test_a_check_over_a_real_connection(server: Misbehaving, tmp_path: Path) -> None:
    with source(server.url, tmp_path) as feed:
        checkup = feed.check(wait)
    assert checkup.sample is not None
    assert checkup.sample.price == "304.12"
    assert server.asked[0]["function"] == ["GLOBAL_QUOTE"]
