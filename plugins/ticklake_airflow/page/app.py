"""The page's app: three files, what they show as JSON, and the runbooks. Imported in Airflow's API server only, at the first request.

Only who may see plugins in Airflow gets anything. What the page changes, it asks of Airflow's own API with the rights of
who looks at it; this app reads only.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from ticklake import settings as ticklake_settings
from ticklake.clock import SystemClock
from ticklake.errors import ConfigError
from ticklake_airflow.links import dashboard
from ticklake_airflow.page.panels import Panel, Panels
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse, connection_arguments, open_warehouse

HERE = Path(__file__).parent
STATIC = ("page.js", "figures.js", "draw.js", "airflow.js", "settle.js", "theme.js", "page.css", "icon.svg")
RUNBOOKS = Path(__file__).parents[3] / "infra" / "runbooks"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
RUNBOOK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="../page.css">
<script type="module" src="../theme.js"></script><main class="runbook"><p><a href="../">Back to the overview</a></p><pre>{text}</pre></main></html>"""

_QUICK = {"login_timeout": 5, "network_timeout": 10, "socket_timeout": 5}
"""A page that waits is no page."""


def over_the_warehouse() -> FastAPI:
    """The app over the warehouse that this process's settings name."""

    def connect() -> Warehouse:
        return open_warehouse(connection_arguments(ticklake_settings.load()) | _QUICK, query_tag="airflow page")

    return create_app(Panels(connect, Statements(HERE / "sql"), SystemClock()))


def create_app(panels: Panels) -> FastAPI:
    """The app over `panels`."""
    app = FastAPI(title="Ticklake", openapi_url=None, dependencies=[Depends(requires_access_view(AccessView.PLUGINS))])
    app.middleware("http")(_guarded)
    for name in STATIC:
        app.add_api_route(f"/{name}", _file(name), response_class=FileResponse)
    app.add_api_route("/", _file("index.html"), response_class=FileResponse)

    @app.get("/state", response_model=None)
    def state() -> dict[str, Any]:
        return {"panels": panels.all(), "targets": _targets(), "dashboard": dashboard(), "runbooks": [path.stem for path in _runbooks()]}

    @app.get("/objects", response_model=None)
    def objects(run: str | None = None, hour: str | None = Query(None, pattern=r"^\d{4}-\d\d-\d\dT\d\d")) -> Panel:
        return panels.objects(run, hour)

    @app.get("/runbooks/{name}", response_class=HTMLResponse)
    def runbook(name: str) -> str:
        found = next((path for path in _runbooks() if path.stem == name), None)
        if found is None:
            raise HTTPException(404, "no such runbook")
        return RUNBOOK.format(title=html.escape(name), text=html.escape(found.read_text()))

    return app


def _targets() -> dict[str, float]:
    """Seconds by hop, and percent of available minutes; nothing where the settings are not those of Ticklake."""
    try:
        settings = ticklake_settings.load()
    except ConfigError:
        return {}
    hops = {"event": settings.target_event_s, "lake": settings.target_lake_s, "warehouse": settings.target_warehouse_s}
    return hops | {"availability": settings.alarm_availability}


def _runbooks() -> list[Path]:
    return [path for path in sorted(RUNBOOKS.glob("*.md")) if path.stem != "README"]


def _file(name: str) -> Callable[[], FileResponse]:
    return lambda: FileResponse(HERE / "static" / name)


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call_next(request)
    answer.headers.update(HEADERS)
    return answer
