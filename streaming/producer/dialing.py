"""Opening a WebSocket, so that a stop need not wait for it and no error tells the address.

An address may hold a key. The library logs it at DEBUG and names it in some of its errors: its logger is silenced here, and
what it raises becomes one of our own errors, whose text and chain hold nothing of it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.exceptions import InvalidProxy, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from ticklake.errors import ConfigError, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.patience import retry_after_s

if TYPE_CHECKING:
    from datetime import datetime

    from streaming.producer.source import Wait
    from ticklake.clock import Clock

OPEN_S = 15.0
"""Longest that resolving, connecting, TLS and the handshake may take together."""
CLOSE_S = 0.4
"""Longest wait for the other side's goodbye; a stop has a second for everything."""
MOST_BYTES = 1_000_000
"""Of one message. A longer one ends the connection."""

_LOOK_S = 0.05
_LOGGER = "ticklake.websockets"


def dial(source: str, url: str, wait: Wait, clock: Clock) -> ClientConnection | None:
    """An open connection, which the caller closes; None when `wait` told to stop before it was open.

    Raises `SourceRefused` when the provider refuses the key, `ConfigError` when the address is none, else `SourceUnavailable`.
    """
    opening: Future[ClientConnection] = Future()
    threading.Thread(target=_open, args=(url, opening), name=f"{source}-dial", daemon=True).start()
    while not opening.done():
        if wait(_LOOK_S) and opening.cancel():
            return None
    error = opening.exception()
    if error is not None:
        raise _translated(source, error, clock.now())
    return opening.result()


def _open(url: str, opening: Future[ClientConnection]) -> None:
    connection: ClientConnection | None = None
    try:
        connection = connect(url, open_timeout=OPEN_S, close_timeout=CLOSE_S, max_size=MOST_BYTES, logger=_silent()).__enter__()
        opening.set_result(connection)
    except InvalidStateError:  # nobody waits for it any more
        if connection is not None:
            connection.close()
    except Exception as error:  # whatever it is, the thread that waits raises it, translated
        with suppress(InvalidStateError):
            opening.set_exception(error)


def _silent() -> logging.Logger:
    logger = logging.getLogger(_LOGGER)
    logger.disabled = True
    return logger


def _translated(source: str, error: BaseException, at: datetime) -> TicklakeError:
    match error:
        case InvalidStatus():
            return _by_status(source, error, at)
        case InvalidURI():
            return ConfigError(f"TICKLAKE_{source.upper()}_URL is no address of a WebSocket")
        case InvalidProxy():
            return ConfigError("the proxy that the environment names is none")
        case TimeoutError():
            return SourceUnavailable(f"{source} does not answer within {OPEN_S:g} s")
        case OSError():
            return SourceUnavailable(f"{source} cannot be reached ({error.strerror or type(error).__name__})")
        case _:
            return SourceUnavailable(f"{source} does not speak WebSocket as it should ({type(error).__name__})")


def _by_status(source: str, error: InvalidStatus, at: datetime) -> TicklakeError:
    status, after = error.response.status_code, error.response.headers.get("Retry-After", "")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return SourceRefused(f"{source} refuses us (HTTP {status}): is the key right, and does the plan include streaming?")
    return SourceUnavailable(f"{source} answers with HTTP {status}", retry_after_s(after, at))
