"""The consumer service: the ticks topic into the raw zone, until SIGTERM.

Exit status: 0 after a stop (what was not landed is read again), 1 when going on would do harm, 2 for a wrong setting.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pyarrow as pa
import structlog

from streaming import log as streaming_log
from streaming.consumer.buffer import Batch, Limits
from streaming.consumer.dead_letters import MAX_RECORD_BYTES, DeadLetters
from streaming.consumer.encoder import Encoder
from streaming.consumer.landings import Landings
from streaming.consumer.pipeline import Pipeline
from streaming.consumer.start import chain_end
from streaming.consumer.writer import Landed, Writer
from ticklake import settings as ticklake_settings
from ticklake.clock import SystemClock
from ticklake.errors import ConfigError, Retry, TicklakeError
from ticklake.lake import Partition
from ticklake.settings import Settings
from ticklake_io import generations
from ticklake_io.kafka_open import open_publisher, open_source
from ticklake_io.store import open_store

DRAIN_S = 15.0
"""Longest that a stop may take; below the group's session timeout of 45 s."""
REPORT_S = 60.0
UPLOADS = 2
SWITCH_S = 0.0005
"""How long a thread may keep the interpreter. Polling is all Python; an upload is many short calls that would each wait their turn."""
_PAUSE_S = 2.0

_log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    streaming_log.configure()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(100_000)  # records come and go by the ten thousand and form no cycles
    pa.set_memory_pool(pa.system_memory_pool())  # gives memory back between batches, which Arrow's own keeps
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = ticklake_settings.load()
        while not stop.is_set():
            try:
                run(settings, stop)
            except Retry as error:
                _log.warning("waiting", reason=str(error))
                stop.wait(_PAUSE_S)
    except ConfigError as error:
        _log.error("stopped", reason=str(error))
        return 2
    except TicklakeError as error:
        _log.error("stopped", reason=str(error))
        return 1
    _log.info("stopped")
    return 0


def run(settings: Settings, stop: threading.Event) -> None:
    """Consume until `stop` is set. Raises `Retry` while broker or store cannot be reached at the start, `Stop` when it must not go on."""
    clock = SystemClock()
    topic = settings.ticks_topic
    with ExitStack() as cleanup:
        store = open_store(settings)
        source = open_source(settings, topic, settings.kafka_group)
        cleanup.callback(source.close)
        generation = generations.claim(store, topic, source.topic_id())
        letters = open_publisher(settings, settings.dead_letters_topic, clock=clock, wait=stop.wait, max_record_bytes=MAX_RECORD_BYTES)
        cleanup.callback(letters.close)
        hints = open_publisher(settings, settings.landings_topic, clock=clock, wait=stop.wait)
        cleanup.callback(hints.close)
        workers = ThreadPoolExecutor(UPLOADS, thread_name_prefix="upload")
        cleanup.callback(workers.shutdown, wait=False, cancel_futures=True)

        writer = Writer(store, Encoder(topic, generation, writer_id=uuid.uuid4().hex).encode, clock)
        dead_letters = DeadLetters(letters)
        landings = Landings(hints, generation, settings.landing_hint_s, clock)

        def land(batch: Batch, given_up: threading.Event) -> Landed | None:
            landed = writer.write(batch, given_up)
            return landed if landed and dead_letters.send(landed.rejected, given_up) else None

        pipeline = Pipeline(
            source,
            land,
            lambda partition: chain_end(source, store, topic, Partition(generation, partition)),
            landings.landed,
            Limits(settings.flush_records, settings.flush_bytes, settings.flush_age_s),
            settings.buffer_bytes,
            clock,
            workers,
        )
        cleanup.callback(pipeline.give_up)
        _log.info("started", topic=topic, generation=generation, group=settings.kafka_group)
        _loop(pipeline, landings, stop, clock)
        if not pipeline.drain(DRAIN_S):
            _log.warning("stopped_early", held_bytes=pipeline.progress.held_bytes)
        landings.tell()


def _loop(pipeline: Pipeline, landings: Landings, stop: threading.Event, clock: SystemClock) -> None:
    """Turn after turn until `stop`, with a line of figures now and then."""
    report = clock.monotonic() + REPORT_S
    while not stop.is_set():
        pipeline.run_once()
        try:
            landings.tell()
        except Retry as error:
            _log.warning("hint_lost", reason=str(error))
        if clock.monotonic() >= report:
            report += REPORT_S
            _log.info("progress", **vars(pipeline.progress))


if __name__ == "__main__":
    sys.exit(main())
