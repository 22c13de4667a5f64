"""What a service says of itself over HTTP, to whoever may reach the port. Nothing can be changed through it.

/metrics   for Prometheus
/healthz   200, or 503 when the process should be restarted; one line says why
/readyz    200, or 503 while it waits for something; one line says for what
/status    JSON, for `ticklake status`
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, NamedTuple

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest

from ticklake.errors import ConfigError

_PATIENCE_S = 5.0
"""How long a client may take to ask."""
_TEXT = "text/plain; charset=utf-8"

_log = structlog.get_logger()


class Verdict(NamedTuple):
    """Whether it is so, and one line that says why."""

    ok: bool
    says: str


@dataclass(frozen=True)
class Pages:
    """What is served. The functions are called in threads of the server, several at once, and answer at once."""

    registry: CollectorRegistry
    healthy: Callable[[], Verdict]
    ready: Callable[[], Verdict]
    report: Callable[[], Mapping[str, object]]

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body of a page."""
        match path:
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST, generate_latest(self.registry)
            case "/healthz":
                return _answer(self.healthy())
            case "/readyz":
                return _answer(self.ready())
            case "/status":
                return 200, "application/json", json.dumps(self.report()).encode()
            case _:
                return 404, _TEXT, b"/metrics, /healthz, /readyz or /status\n"


@contextmanager
def serving(host: str, port: int, pages: Pages, *, setting: str) -> Iterator[None]:
    """Serve `pages` meanwhile, and beside its metrics what the process itself uses; with port 0 nothing is served.

    Raises `ConfigError` when the port that `setting` names cannot be listened on.
    """
    if not port:
        yield
        return
    try:
        server = _Server((host, port), pages)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"{setting}: cannot listen on {host}:{port} ({error}); choose another port, or 0 for none") from error
    ProcessCollector(registry=pages.registry)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """A thread for each request; a scrape never waits for another."""

    def __init__(self, address: tuple[str, int], pages: Pages) -> None:
        self.pages = pages
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer would look its own name up, which can take seconds

    def handle_error(self, request: object, client_address: object) -> None:
        _log.warning("http_failed", error=type(sys.exc_info()[1]).__name__)


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    server: _Server

    def do_GET(self) -> None:
        status, kind, body = self.server.pages.get(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's own names
        """Say nothing: a probe every few seconds is no event."""


def _answer(verdict: Verdict) -> tuple[int, str, bytes]:
    return 200 if verdict.ok else 503, _TEXT, f"{verdict.says}\n".encode()
