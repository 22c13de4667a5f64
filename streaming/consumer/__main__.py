"""The consumer service: the ticks topic into the raw zone, until SIGTERM.

Exit status: 0 after a stop (what was not landed is read again), 1 when going on would do harm, 2 for a wrong setting.
A stop takes no longer than `TICKLAKE_SHUTDOWN_S`, whatever hangs: intake ends, what is held is landed and committed, then
the connections are closed.
"""

from __future__ import annotations

import gc
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pyarrow as pa
import structlog
from prometheus_client import CollectorRegistry

from streaming import service
from streaming.consumer.buffer import Batch, Limits
from streaming.consumer.dead_letters import MAX_RECORD_BYTES, DeadLetters
from streaming.consumer.encoder import Encoder
from streaming.consumer.health import Health
from streaming.consumer.landings import Landings
from streaming.consumer.life import Life
from streaming.consumer.metrics import Metrics
from streaming.consumer.pipeline import Pipeline
from streaming.consumer.progress import Progress
from streaming.consumer.reject_limit import Bounds, RejectLimit
from streaming.consumer.start import chain_end
from streaming.consumer.writer import Landed, Writer
from streaming.shutdown import Shutdown
from ticklake.clock import SystemClock
from ticklake.errors import Retry
from ticklake.lake import Partition
from ticklake.settings import Settings
from ticklake_io import generations
from ticklake_io.kafka_open import open_publisher, open_source
from ticklake_io.serving import Pages, serving
from ticklake_io.store import open_store

UPLOADS = 2
SWITCH_S = 0.0005
"""How long a thread may keep the interpreter. Polling is all Python; an upload is many short calls that would each wait their turn."""

_log = structlog.get_logger()


def main() -> int:
    """Run the service; its exit status."""
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(100_000)  # records come and go by the ten thousand and form no cycles
    pa.set_memory_pool(pa.system_memory_pool())  # gives memory back between batches, which Arrow's own keeps
    return service.main(serve)


def serve(settings: Settings, shutdown: Shutdown) -> None:
    """Consume with metrics and health beside. Raises `ConfigError` when those cannot be served, `Stop` when it must not go on."""
    clock, registry = SystemClock(), CollectorRegistry()
    progress = Progress(clock.monotonic())
    metrics, health = Metrics(registry, progress, clock), Health(progress, settings.flush_age_s, clock)
    pages = Pages(registry, health.healthy, health.ready, health.report)
    with serving(settings.http_host, settings.consumer_http_port, pages, setting="TICKLAKE_CONSUMER_HTTP_PORT"):
        service.anew(lambda: run(settings, shutdown, progress, metrics), progress.let_go, shutdown.stop)
    _log.info("stopped")


def run(settings: Settings, shutdown: Shutdown, progress: Progress, metrics: Metrics) -> None:
    """Consume until the stop. Raises `Retry` while broker or store cannot be reached at the start, `Stop` when it must not go on."""
    clock, stop = SystemClock(), shutdown.stop
    topic = settings.ticks_topic
    with ExitStack() as cleanup:
        store = open_store(settings)
        source = open_source(settings, topic, settings.kafka_group)
        cleanup.callback(source.close)
        life = Life(topic, source.topic_id, clock)
        generation = generations.claim(store, topic, life.id)
        letters = open_publisher(settings, settings.dead_letters_topic, clock=clock, wait=stop.wait, max_record_bytes=MAX_RECORD_BYTES)
        cleanup.callback(letters.close)
        hints = open_publisher(settings, settings.landings_topic, clock=clock, wait=stop.wait)
        cleanup.callback(hints.close)
        workers = ThreadPoolExecutor(UPLOADS, thread_name_prefix="upload")
        cleanup.callback(workers.shutdown, wait=False, cancel_futures=True)

        limit = RejectLimit(Bounds(settings.reject_ratio, settings.reject_window, settings.reject_run), store, topic, generation)
        encoder = Encoder(topic, generation, writer_id=uuid.uuid4().hex)
        writer = Writer(store, lambda batch: limit.check(batch.partition, encoder.encode(batch)), clock, metrics.put)
        dead_letters = DeadLetters(letters)
        landings = Landings(hints, generation, settings.landing_hint_s, clock)

        def land(batch: Batch, given_up: threading.Event) -> Landed | None:
            landed = writer.write(batch, given_up) if life.lasts(batch.until, given_up) else None
            return landed if landed and dead_letters.send(landed.rejected, given_up) else None

        def begin(partition: int) -> int:
            life.check()
            end = chain_end(source, store, topic, Partition(generation, partition))
            limit.begin(partition, end)
            return end

        def turn() -> None:
            pipeline.run_once()
            try:
                landings.tell()
            except Retry as error:
                _log.warning("hint_lost", reason=str(error))

        pipeline = Pipeline(
            source,
            land,
            begin,
            landings.landed,
            Limits(settings.flush_records, settings.flush_bytes, settings.flush_age_s),
            settings.buffer_bytes,
            clock,
            workers,
            progress,
        )
        cleanup.callback(pipeline.give_up)
        progress.store_error = ""
        _log.info("started", topic=topic, generation=generation, group=settings.kafka_group)
        service.turns(turn, lambda: progress.figures(clock.monotonic()), stop, clock)
        if not pipeline.drain(shutdown.left(reserve_s=service.CLOSE_S)):
            _log.warning("stopped_early", reason="broker or store did not answer in time", held_bytes=progress.held_bytes)
        landings.tell()


if __name__ == "__main__":
    sys.exit(main())
