"""Questions to providers over HTTP: a Protocol and its adapter over httpx.

A provider's key may stand in the query. It is in no error of this module, and the libraries, which log addresses and
headers, are made to leave it out. Redirects are not followed: they would carry the key to who knows where.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple, Protocol

import httpx

from ticklake.errors import BadPayload, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ticklake.clock import Clock

MOST_BYTES = 64_000_000
"""Of one answer; a month of one-minute bars is a sixteenth of it."""

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")


class Answer(NamedTuple):
    """What came back. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """What a source needs of HTTP."""

    def get(self, url: str, params: Mapping[str, str]) -> Answer:
        """The answer, whatever its status.

        Raises `SourceUnavailable` when none comes in time, and `BadPayload` when it is beyond all measure.
        """
        ...

    def close(self) -> None:
        """End the connections."""
        ...


class HttpxClient:
    """One provider's connections, kept open between questions. An answer must be complete in `timeout_s` seconds."""

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock, self._timeout_s = clock, timeout_s
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_without_key)

    def get(self, url: str, params: Mapping[str, str]) -> Answer:
        deadline = self._clock.monotonic() + self._timeout_s
        try:
            with self._client.stream("GET", url, params=dict(params)) as response:
                return Answer(response.status_code, dict(response.headers), self._body(response, deadline))
        except httpx.TimeoutException:
            raise SourceUnavailable(f"{_host(url)} did not answer in {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:  # its text may hold the address
            raise SourceUnavailable(f"{_host(url)} cannot be reached: {type(error).__name__}") from None

    def close(self) -> None:
        self._client.close()

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        """All of it; httpx's own limit is for each piece, and a provider that drips would never reach it."""
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise BadPayload(_host(str(response.url)), f"an answer of more than {MOST_BYTES} bytes")
            if self._clock.monotonic() > deadline:
                raise httpx.ReadTimeout("too slow")
        return bytes(body)


def _host(url: str) -> str:
    return httpx.URL(url).host


def _without_key(record: logging.LogRecord) -> bool:
    """A logging filter, which holds whatever the level: addresses lose their query, and headers, which may echo it, are not told."""
    if record.name != "httpx":
        return False
    if isinstance(record.args, tuple):
        record.args = tuple(each.copy_with(query=None) if isinstance(each, httpx.URL) else each for each in record.args)
    return True
