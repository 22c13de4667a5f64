"""What Airflow's API server mounts: the page's app, made at the first request.

Every process of Airflow loads the plugins, the command line too; only the API server is ever asked for the page.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
"""An ASGI application."""


class Mounted:
    """An ASGI application that is made by `make` when it is first asked, once, aside from the event loop."""

    def __init__(self, make: Callable[[], App]) -> None:
        self._make = make
        self._app: App | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        app = self._app if self._app is not None else await asyncio.to_thread(self._made)
        await app(scope, receive, send)

    def _made(self) -> App:
        with self._lock:
            if self._app is None:
                self._app = self._make()
            return self._app


def page() -> App:
    """The page over the warehouse that this process's settings name."""
    from ticklake_airflow.page.app import over_the_warehouse

    return over_the_warehouse()
