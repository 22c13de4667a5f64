"""The alerts service: judges every tick by the price rules that users made, until SIGTERM.

Exit status: 0 after a stop, 1 when going on would do harm, 2 for a wrong setting. It may be killed at any moment: it goes
on where it had saved, says nothing twice and misses nothing.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack, closing

import structlog
from prometheus_client import CollectorRegistry

from streaming import log as streaming_log
from streaming.alerts.alerting import Alerting
from streaming.alerts.clerk import Clerk
from streaming.alerts.health import Health
from streaming.alerts.hints import Hints
from streaming.alerts.metrics import Metrics
from streaming.alerts.progress import Progress
from streaming.alerts.saved import MAX_RECORD_BYTES, Saved
from streaming.shutdown import Shutdown
from ticklake import settings as ticklake_settings
from ticklake.clock import SystemClock
from ticklake.errors import BrokerUnavailable, ConfigError, Retry, TicklakeError
from ticklake.settings import Settings
from ticklake_io.kafka_open import open_publisher, open_reader, open_source, open_view
from ticklake_io.records import Records
from ticklake_io.serving import Pages, serving
from ticklake_io.warehouse import connection_arguments, open_warehouse

ANSWER_S = 10
"""Longest that the warehouse may take to sign in or to answer; the rules that are known go on meanwhile."""
CLOSE_S = 2.0
"""Of the budget of a stop, what is kept for closing connections."""
REPORT_S = 60.0
_PAUSE_S = 2.0
_SETTLE_S = 10.0

_log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    streaming_log.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = ticklake_settings.load()
        return _serve(settings, Shutdown(stop, settings.shutdown_s, SystemClock()))
    except ConfigError as error:
        _log.error("stopped", reason=str(error))
        return 2


def _serve(settings: Settings, shutdown: Shutdown) -> int:
    """Run with metrics and health beside; the exit status. Raises `ConfigError` when those cannot be served."""
    clock, registry = SystemClock(), CollectorRegistry()
    progress = Progress(clock.monotonic())
    registry.register(Metrics(progress, clock))
    health = Health(progress, clock)
    pages = Pages(registry, health.healthy, health.ready, health.report)
    with serving(settings.http_host, settings.alerts_http_port, pages, setting="TICKLAKE_ALERTS_HTTP_PORT"):
        try:
            while not shutdown.stop.is_set():
                try:
                    run(settings, shutdown, progress)
                except Retry as error:
                    progress.let_go()
                    _log.warning("waiting", reason=str(error))
                    shutdown.stop.wait(_PAUSE_S)
        except TicklakeError as error:
            _log.error("stopped", reason=str(error))
            shutdown.status = 2 if isinstance(error, ConfigError) else 1
        finally:
            shutdown.stop.set()
    if not shutdown.status:
        _log.info("stopped")
    return shutdown.status


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
        cleanup.callback(thread.join, CLOSE_S)
        cleanup.callback(done.set)
        _log.info("started", topic=settings.ticks_topic, group=settings.alerts_group, rules=len(rules))
        _loop(alerting, stop, clock)
        if not alerting.drain(shutdown.left(reserve_s=CLOSE_S)):
            _log.warning("stopped_early", reason="the broker did not answer in time")


def _loop(alerting: Alerting, stop: threading.Event, clock: SystemClock) -> None:
    """Turn after turn until `stop`, with a line of figures now and then."""
    report = clock.monotonic() + REPORT_S
    while not stop.is_set():
        alerting.run_once()
        if clock.monotonic() >= report:
            report += REPORT_S
            _log.info("progress", **alerting.progress.figures())


def _history(settings: Settings) -> Records:
    """What stands on the state's topic, which has one partition."""
    topic = settings.alerts_state_topic
    with closing(open_view(settings)) as view:
        first, end = view.starts(topic)[0], view.ends(topic)[0]
        return view.read(topic, {0: (first, end)}).get(0, Records())


if __name__ == "__main__":
    sys.exit(main())
