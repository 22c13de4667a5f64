"""The consumer on a backlog of two million ticks, beside what its client alone can poll."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context

import psutil
from kafka import KafkaConsumer, TopicPartition

from tests.bench import topics
from tests.bench.results import record
from tests.bench.sinks import peak_bytes
from tests.fixtures.platform import Platform
from ticklake import tick
from ticklake.clock import SystemClock
from ticklake_io.kafka_producer import connect
from ticklake_io.kafka_view import KafkaView

TOPIC = "bench.ticks"
GROUP = "bench-lake"
TICKS = 2_000_000
LIMIT_S = 300.0


def measure_backlog(platform: Platform) -> None:
    """Preload, then let one consumer process drain it."""
    bootstrap = platform.urls["broker"]
    topics.create(bootstrap, TOPIC)
    workers = [get_context("spawn").Process(target=preload, args=(bootstrap, seed, TICKS // 2)) for seed in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    poll_rate = _poll_alone(bootstrap)
    rate, peak, cpu = _consume(platform)
    record("consumer_backlog_rate", round(rate), "ticks/s", "kafka-python polling alone", round(poll_rate))
    record("consumer_peak_rss", round(peak / 1e6), "MB")
    record("consumer_cpu_per_million", round(cpu, 1), "s")


def preload(bootstrap: str, seed: int, ticks: int) -> None:
    """Send ticks of a hundred symbols."""
    publisher = connect(bootstrap, TOPIC, clock=SystemClock(), wait=threading.Event().wait)
    for each in topics.ticks(seed, 0, ticks):
        publisher.publish(each.symbol.encode(), tick.encode(each))
    if not publisher.flush(120):
        raise RuntimeError("the backlog was not acknowledged")
    publisher.close()


def _poll_alone(bootstrap: str) -> float:
    """Records a second of the same client with the same fetch sizes that does nothing with them."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest", max_poll_records=10_000)) as consumer:
        consumer.assign([TopicPartition(TOPIC, partition) for partition in range(topics.PARTITIONS)])
        polled, began = 0, time.monotonic()
        while polled < TICKS:
            polled += sum(map(len, consumer.poll(timeout_ms=1_000).values()))
        return polled / (time.monotonic() - began)


def _consume(platform: Platform) -> tuple[float, int, float]:
    """Ticks a second from the first partition's start to the last commit, peak resident bytes, CPU seconds a million ticks."""
    environment = platform.instance.process_environment("consumer") | {
        "TICKLAKE_TICKS_TOPIC": TOPIC,
        "TICKLAKE_KAFKA_GROUP": GROUP,
        "TICKLAKE_CONSUMER_HTTP_PORT": "0",
    }
    command = [sys.executable, "-m", "streaming.consumer"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        begun: list[float] = []
        reader = threading.Thread(target=_watch, args=(process, lambda: begun.append(time.monotonic())))
        reader.start()
        with closing(KafkaView(platform.urls["broker"])) as view:
            deadline = time.monotonic() + LIMIT_S
            while sum(each.offset for each in view.committed(GROUP, TOPIC).values()) < TICKS:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("the consumer did not drain the backlog")
                time.sleep(0.1)
        took = time.monotonic() - begun[0]
        mine = psutil.Process(process.pid)
        times = mine.cpu_times()
        peak = peak_bytes(process.pid)
        process.terminate()
        reader.join()
    return TICKS / took, peak, (times.user + times.system) / (TICKS / 1e6)


def _watch(process: subprocess.Popen[str], on_begin: Callable[[], None]) -> None:
    for line in process.stderr or ():
        if "partition_begins" in line:
            on_begin()
