"""A WebSocket server on the loopback address that misbehaves as its script says."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

HOST = "127.0.0.1"
_LIMIT_S = 10.0


@dataclass(frozen=True)
class Refuse:
    """The handshake is answered with this HTTP status instead."""

    status: int
    body: str = ""
    retry_after: str | None = None


@dataclass(frozen=True)
class Heard:
    """Wait until the client has sent a message that contains `text`, in this connection and after the last one waited for."""

    text: str


@dataclass(frozen=True)
class Close:
    """Say goodbye, as providers do after 24 hours."""

    code: int = 1001


@dataclass(frozen=True)
class Drop:
    """Reset the connection, in the middle of everything."""


Step = str | bytes | Heard | Close | Drop
Conversation = Refuse | Sequence[Step]


class MisbehavingServer:
    """Each connection follows the next conversation of `script`, then is silent; so are all connections after the last one.

    `paths` are what was connected to, `heard` the messages of all clients, `open` how many connections
    there are, `closed` how many there were.
    """

    def __init__(self, *script: Conversation) -> None:
        self._script = list(script)
        self.paths: list[str] = []
        self.heard: list[str] = []
        self.open = self.closed = 0
        self._news = threading.Condition()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        quiet = logging.getLogger("tests.websockets")
        quiet.disabled = True
        server = self._stack.enter_context(serve(self._serve, HOST, 0, process_request=self._admit, logger=quiet, close_timeout=0.2))
        port: int = server.socket.getsockname()[1]
        self.url = f"ws://{HOST}:{port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(server.shutdown)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def wait_for(self, text: str, times: int = 1) -> bool:
        """Whether clients send `times` messages that contain `text`, within a limit."""
        with self._news:
            return self._news.wait_for(lambda: sum(text in each for each in self.heard) >= times, _LIMIT_S)

    def wait_for_connections(self, open: int, closed: int) -> bool:  # noqa: A002 - the attribute's name
        """Whether so many are open, and so many were, within a limit."""
        with self._news:
            return self._news.wait_for(lambda: (self.open, self.closed) == (open, closed), _LIMIT_S)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        with self._news:
            self.paths.append(request.path)
            refusal = self._script[0] if self._script else None
            if not isinstance(refusal, Refuse):
                return None
            self._script.pop(0)
        response = connection.respond(refusal.status, refusal.body)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = refusal.retry_after
        return response

    def _serve(self, connection: ServerConnection) -> None:
        with self._news:
            conversation = self._script.pop(0) if self._script else ()
            self.open += 1
            self._news.notify_all()
        try:
            for step in conversation if not isinstance(conversation, Refuse) else ():
                self._do(connection, step)
            while True:
                self._hear(connection)
        except ConnectionClosed:
            pass
        finally:
            with self._news:
                self.open -= 1
                self.closed += 1
                self._news.notify_all()

    def _do(self, connection: ServerConnection, step: Step) -> None:
        match step:
            case Heard():
                while step.text not in self._hear(connection):
                    pass
            case Close():
                connection.close(step.code)
            case Drop():
                # Without lingering, closing resets the connection.
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close_socket()
            case _:
                connection.send(step)

    def _hear(self, connection: ServerConnection) -> str:
        message = connection.recv(decode=True)
        with self._news:
            self.heard.append(message)
            self._news.notify_all()
        return message
