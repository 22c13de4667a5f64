"""The alerts service: judges every tick by the price rules that users made, until SIGTERM.

Exit status: 0 after a stop, 1 when going on would do harm, 2 for a wrong setting. It may be killed at any moment: it goes
on where it had saved, says nothing twice and misses nothing.
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, closing

import structlog
from prometheus_client import CollectorRegistry

from streaming import service
from streaming.alerts.alerting import Alerting
from streaming.alerts.clerk import Clerk
from streaming.alerts.health import Health
from streaming.alerts.hints import Hints
from streaming.alerts.metrics import Metrics
from streaming.alerts.progress import Progress
from streaming.alerts.saved import MAX_RECORD_BYTES, Saved
from streaming.shutdown import Shutdown
from ticklake.clock import SystemClock
from ticklake.errors import BrokerUnavailable
from ticklake.settings import Settings
from ticklake_io.kafka_open import open_publisher, open_reader, open_source, open_view
from ticklake_io.records import Records
from ticklake_io.serving import Pages, serving
from ticklake_io.warehouse import connection_arguments, open_warehouse

ANSWER_S = 10
"""Longest that the warehouse may take to sign in or to answer; the rules that are known go on meanwhile."""
_SETTLE_S = 10.0

_log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    return service.main(serve)


def serve(settings: Settings, shutdown: Shutdown) -> None:
    """Judge with metrics and health beside. Raises `ConfigError` when those cannot be served, `Stop` when it must not go on."""
    clock, registry = SystemClock(), CollectorRegistry()
    progress = Progress(clock.monotonic())
    registry.register(Metrics(progress, clock))
    health = Health(progress, clock)
    pages = Pages(registry, health.healthy, health.ready, health.report)
    with serving(settings.http_host, settings.alerts_http_port, pages, setting="TICKLAKE_ALERTS_HTTP_PORT"):
        service.anew(lambda: run(settings, shutdown, progress), progress.let_go, shutdown.stop)
    _log.info("stopped")


def run(settings: Settings, shutdown: Shutdown, progress: Progress) -> None:
    """Judge until the stop. Raises `Retry` when it has to begin anew from what was saved, `Stop` when it must not go on."""
    clock, stop = SystemClock(), shutdown.stop
    with ExitStack() as cleanup:
        publisher = open_publisher(settings, settings.alerts_topic, clock=clock, wait=stop.wait)
        cleanup.callback(publisher.close)
        keeper = open_publisher(settings, settings.alerts_state_topic, clock=clock, wait=stop.wait, max_record_bytes=MAX_RECORD_BYTES)
        cleanup.callback(keeper.close)
        said = open_source(settings, settings.alerts_topic, f"{settings.alerts_group}-inbox")
        cleanup.callback(said.close)
        warehouse = open_warehouse(connection_arguments(settings) | {"login_timeout": ANSWER_S, "network_timeout": ANSWER_S}, "alerts")
        cleanup.callback(warehouse.close)
        hints = Hints(lambda: open_reader(settings, settings.changes_topic), clock)
        cleanup.callback(hints.close)

        saved = Saved(keeper, lambda: _history(settings))
        saved.load()
        clerk = Clerk(warehouse, said, hints.changed, saved.rules(), settings.alerts_rules_s, clock, progress)
        rules = clerk.first_rules()
        if rules != saved.rules():
            saved.keep_rules(rules)
            if not saved.settle(_SETTLE_S):
                raise BrokerUnavailable("the broker does not take the rules")

        source = open_source(settings, settings.ticks_topic, settings.alerts_group)
        cleanup.callback(source.close)
        alerting = Alerting(source, saved, publisher, rules, clerk.changed_rules, clock, progress)
        done = threading.Event()
        thread = threading.Thread(target=clerk.run, args=(done,), name="clerk", daemon=True)
        thread.start()
        cleanup.callback(thread.join, service.CLOSE_S)
        cleanup.callback(done.set)
        _log.info("started", topic=settings.ticks_topic, group=settings.alerts_group, rules=len(rules))
        service.turns(alerting.run_once, lambda: progress.figures(clock.monotonic()), stop, clock)
        if not alerting.drain(shutdown.left(reserve_s=service.CLOSE_S)):
            _log.warning("stopped_early", reason="the broker did not answer in time")


def _history(settings: Settings) -> Records:
    """What stands on the state's topic, which has one partition."""
    topic = settings.alerts_state_topic
    with closing(open_view(settings)) as view:
        first, end = view.starts(topic)[0], view.ends(topic)[0]
        return view.read(topic, {0: (first, end)}).get(0, Records())


if __name__ == "__main__":
    sys.exit(main())
