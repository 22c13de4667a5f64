"""The warehouse's HTTP side: fakesnow's routes, one statement of a session at a time, and an end for what is silent."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import fakesnow.server as server
import structlog
from fakesnow.converter import from_binding
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.warehouse.errors import translated
from infra.local.warehouse.sessions import Engine

log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Activity:
    """What a session is doing. `lock` is held while a statement runs; `last` is when one last ended, on the monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: float = field(default_factory=time.monotonic)
    swept: bool = False


class Sessions:
    """The activity of every session, by its token."""

    def __init__(self, sessions: MutableMapping[str, Any], silence_s: float, idle_s: float) -> None:
        self._sessions = sessions
        self._silence_s = silence_s
        self._idle_s = idle_s
        self._activity: dict[str, Activity] = {}

    @asynccontextmanager
    async def statement(self, token: str) -> AsyncIterator[None]:
        """A statement of the session runs inside. A second one waits: both would share a cursor of the engine."""
        activity = self._activity.setdefault(token, Activity())
        async with activity.lock:
            try:
                yield
            finally:
                activity.last = time.monotonic()
                activity.swept = False

    async def close(self, token: str) -> None:
        """End a session; an open transaction is rolled back."""
        self._activity.pop(token, None)
        session = self._sessions.pop(token, None)
        if session is not None:
            await run_in_threadpool(session.close)

    async def sweep(self) -> None:
        """Roll back sessions that have run no statement for `silence_s` seconds; end those without one for `idle_s`."""
        now = time.monotonic()
        self._activity = {token: activity for token, activity in self._activity.items() if token in self._sessions or activity.lock.locked()}
        for token, session in list(self._sessions.items()):
            activity = self._activity.setdefault(token, Activity())
            silence = now - activity.last
            if activity.lock.locked() or silence < self._silence_s:
                continue
            if silence > self._idle_s:
                await self.close(token)
            elif not activity.swept:
                activity.swept = True
                async with activity.lock:
                    if await run_in_threadpool(session.abort):
                        log.warning("transaction_rolled_back", silent_s=round(silence))


def application(engine: Engine, *, silence_s: float = 30.0, idle_s: float = 4 * 3600.0) -> Starlette:
    """The server's application; its sessions live in `engine`."""
    server.shared_fs = engine
    vars(server)["from_binding"] = bound
    server.sessions.clear()
    sessions = Sessions(server.sessions, silence_s, idle_s)

    async def query(request: Request) -> Response:
        async with sessions.statement(_token(request)):
            return await server.query_request(request)

    async def login(request: Request) -> Response:
        # Without a master token the connector believes that it has no session, and never ends it.
        answer = json.loads(bytes((await server.login_request(request)).body))
        answer["data"]["masterToken"] = secrets.token_urlsafe(32)
        return JSONResponse(answer)

    async def end_session(request: Request) -> Response:
        if not request.query_params.get("delete"):
            return await server.session(request)
        await sessions.close(_token(request))
        return JSONResponse({"data": None, "code": None, "message": None, "success": True})

    async def health(request: Request) -> Response:
        await run_in_threadpool(lambda: engine.duck_conn.cursor().execute("SELECT 1").fetchone())
        return JSONResponse({"ok": True})

    async def sweep_for_ever() -> None:
        while True:
            await asyncio.sleep(min(1.0, silence_s / 4))
            await sessions.sweep()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(sweep_for_ever())
        yield
        sweeper.cancel()
        engine.duck_conn.close()

    ours: dict[str, Handler] = {"/session/v1/login-request": login, "/queries/v1/query-request": query, "/session": end_session}
    routes = [Route("/health", health)]
    for route in server.routes:
        handler = ours.get(route.path, route.endpoint)
        routes.append(Route(route.path, _as_snowflake(handler) if asyncio.iscoroutinefunction(handler) else handler, methods=sorted(route.methods or ())))
    return Starlette(routes=routes, lifespan=lifespan)


def bound(binding: dict[str, str]) -> object:
    """The value of a binding; a TIMESTAMP_NTZ without a zone.

    fakesnow gives it one. Against it, a column without a zone is converted row by row, and none of the engine's blocks can be skipped.
    """
    value = from_binding(binding)
    return value.replace(tzinfo=None) if isinstance(value, datetime) and binding["type"] == "TIMESTAMP_NTZ" else value


def _as_snowflake(handler: Handler) -> Handler:
    """The handler, with failures told in the body of a good answer, as Snowflake does.

    A bad HTTP status would make the connector try again in silence.
    """

    async def answer(request: Request) -> Response:
        try:
            response = await handler(request)
        except Exception as error:  # whatever it is, the client must learn of it at once
            log.exception("request_failed", path=request.url.path)
            known = translated(error)
            code = f"{known.errno:06d}"
            return JSONResponse({"data": {"errorCode": code, "sqlState": known.sqlstate}, "code": code, "message": known.msg, "success": False})
        if response.status_code < 400:
            return response
        return JSONResponse(json.loads(bytes(response.body)))

    return answer


def _token(request: Request) -> str:
    """The session's token; empty when the request has none, which fakesnow answers by itself."""
    return request.headers.get("Authorization", "").removeprefix('Snowflake Token="').rstrip('"')
