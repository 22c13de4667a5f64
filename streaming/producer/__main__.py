"""The producer service: the sources that `TICKLAKE_SOURCES` names, to Kafka, until SIGTERM.

A source that fails stops no other one. Exit status: 0 after a stop with everything acknowledged, 1 when a delivery failed
or the last source was refused, 2 for a wrong setting.
"""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from functools import partial
from random import SystemRandom

import structlog
from prometheus_client import CollectorRegistry

from streaming import service
from streaming.producer.desk import Desk
from streaming.producer.kept import Kept
from streaming.producer.metrics import ProducerMetrics
from streaming.producer.rejects import Rejects
from streaming.producer.rota import Rota, check_sources
from streaming.producer.run import Producer
from streaming.producer.source import Request, create, running
from streaming.shutdown import Shutdown
from ticklake import instruments
from ticklake.clock import SystemClock
from ticklake.patience import Patience
from ticklake.settings import Settings
from ticklake_io.kafka_open import open_publisher
from ticklake_io.serving import Pages, serving

log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    return service.main(serve)


def serve(settings: Settings, shutdown: Shutdown) -> None:
    """Produce; raises as `run` does."""
    shutdown.status = 1  # what hangs until the budget is spent, hangs with ticks that are not acknowledged
    run(settings, shutdown.stop)


def run(settings: Settings, stop: threading.Event) -> None:
    """Produce until `stop` is set or no source is left. Raises what ended the last source, or a delivery that failed."""
    clock, rejects = SystemClock(), Rejects(SystemClock())
    listed = instruments.load(settings.config_file)
    names = running(settings)
    check_sources(listed, names)
    rota = Rota(listed, names, silence_s=settings.standby_after_s, begin=clock.monotonic())
    sources = [create(name, Request(wanted=partial(rota.wanted, name)), settings, listed, clock) for name in names]
    with closing(open_publisher(settings, settings.ticks_topic, clock=clock, wait=stop.wait)) as publisher:
        desk = Desk([Kept(each, Patience(clock, SystemRandom()), clock) for each in sources], rota, clock)
        registry = CollectorRegistry()
        registry.register(ProducerMetrics(desk, rejects))
        producer = Producer(desk.sources, publisher, listed, clock, stop, shutdown_s=settings.shutdown_s, on_reject=rejects.take, on_turn=desk.turn)
        pages = Pages(registry, desk.healthy, desk.ready, desk.report)
        with serving(settings.http_host, settings.producer_http_port, pages, setting="TICKLAKE_PRODUCER_HTTP_PORT"):
            log.info("started", sources=settings.sources, topic=settings.ticks_topic)
            summary = producer.run()
    if desk.refusal:
        raise desk.refusal
    log.info("stopped", **summary._replace(seconds=round(summary.seconds, 1))._asdict())


if __name__ == "__main__":
    sys.exit(main())
