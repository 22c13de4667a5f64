"""`ticklake status`: every component, how fresh each hop is, and who is to blame. Exit status 0 only when all is well."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace

import msgspec

from infra.local.files import is_instance
from infra.local.instance import Instance
from infra.local.status import Component, components
from ticklake.clock import SystemClock
from ticklake.freshness import Hop, Reading, judge
from ticklake.settings import Settings
from ticklake_io import producing
from ticklake_io.readings import look
from ticklake_io.store import open_store
from ticklake_io.warehouse import connection_arguments, open_warehouse

_QUICK = {"login_timeout": 5, "network_timeout": 10, "socket_timeout": 5}
"""A status that waits is no status."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Look at everything and tell; 0 when every component is up and no hop is late. Components are those of an instance that `make up` made here."""
    instance = Instance.current()
    now = SystemClock().now()
    found, urls = (components(instance), instance.urls()) if is_instance(instance) else ([], {})
    sources = producing.ask(settings)
    with closing(open_warehouse(connection_arguments(settings) | _QUICK, query_tag="ticklake status")) as warehouse:
        seen = look(settings, open_store(settings), warehouse, now, lambda: producing.expects_ticks(settings, settings.running, now, sources))
    readings, lag, why = dict(seen.readings), seen.lag, str(seen.fault or "")
    if _starting(found, settings):
        readings = {name: Reading(each.age_s, 0.0 if each.waiting_s is not None else None) for name, each in readings.items()}
    targets = {"event": settings.target_event_s, "lake": settings.target_lake_s, "warehouse": settings.target_warehouse_s}
    hops = [replace(hop, says=f"{hop.says}: {why}") if hop.state == "unknown" and why else hop for hop in judge(readings, targets)]
    ok = all(each.state == "up" for each in found) and all(hop.state not in ("cause", "unknown") for hop in hops)
    if args.json:
        print(json.dumps(_report(ok, found, hops, lag, urls) | msgspec.to_builtins(sources)))
    else:
        _tell(found, hops, lag, sources, urls)
    return 0 if ok else 1


def _starting(found: list[Component], settings: Settings) -> bool:
    """Whether a service has started so lately that nothing can be called late yet."""
    return any(each.name in ("producer", "consumer", "scheduler") and each.uptime_s < settings.start_grace_s for each in found)


def _report(ok: bool, found: list[Component], hops: list[Hop], lag: Mapping[str, int], urls: Mapping[str, str]) -> dict[str, object]:
    return {
        "ok": ok,
        "components": [asdict(each) for each in found],
        "freshness": {hop.name: hop.age_s for hop in hops},
        "hops": [asdict(hop) for hop in hops],
        "cause": next((hop.name for hop in hops if hop.state == "cause"), None),
        "lag": dict(lag),
        "urls": dict(urls),
    }


def _tell(found: list[Component], hops: list[Hop], lag: Mapping[str, int], sources: producing.Producing, urls: Mapping[str, str]) -> None:
    for each in found:
        print(f"{each.name:<14}{each.state:<10}{'pid ' + str(each.pid) if each.pid else '-':<14}{each.uptime_s:>9.0f} s")
    print()
    for hop in hops:
        age = "-" if hop.age_s is None else f"{hop.age_s:.1f} s"
        print(f"{hop.name:<14}{age:>10}  {hop.says}")
    for topic, records in lag.items():
        print(f"{'lag':<14}{records:>10}  records of {topic}")
    print()
    if sources.sources:
        print(*sources.lines(), sep="\n", end="\n\n")
    for name, address in urls.items():
        print(f"{name:<14}{address}")
