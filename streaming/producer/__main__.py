"""The producer service: the sources that `TICKLAKE_SOURCES` names, to Kafka, until SIGTERM.

Exit status: 0 after a stop with everything acknowledged, 1 when a delivery or a source failed, 2 for a wrong setting.
"""

from __future__ import annotations

import signal
import sys
import threading

import structlog

from streaming import log as streaming_log
from streaming.producer.run import Producer
from streaming.producer.source import Request, create
from ticklake import instruments, settings
from ticklake.clock import SystemClock
from ticklake.errors import BadLine, ConfigError, TicklakeError
from ticklake_io.kafka_open import open_publisher

log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    streaming_log.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _run(stop)
    except ConfigError as error:
        log.error("stopped", reason=str(error))
        return 2
    except TicklakeError as error:
        log.error("stopped", reason=str(error))
        return 1


def _run(stop: threading.Event) -> int:
    own = settings.load()
    clock = SystemClock()
    listed = instruments.load(own.config_file)
    names = [name.strip() for name in own.sources.split(",") if name.strip()]
    sources = [create(name, Request(), own, listed, clock) for name in names]
    publisher = open_publisher(own, own.ticks_topic, clock=clock, wait=stop.wait)
    log.info("started", sources=own.sources, topic=own.ticks_topic)
    try:
        summary = Producer(sources, publisher, listed, clock, stop, on_bad_line=_log_bad_line).run()
    finally:
        publisher.close()
    log.info("stopped", **summary._asdict())
    return 0


def _log_bad_line(line: BadLine) -> None:
    log.warning("bad_line", file=line.file, line=line.line, reason=line.reason)


if __name__ == "__main__":
    sys.exit(main())
