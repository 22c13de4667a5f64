"""A sink from Kafka to the object store, in a process of its own, measured until its group has committed the whole topic."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from infra.local.instance import ROOT, Instance
from tests.bench.audit import Audit, Bucket, audit
from tests.bench.topics import Backlog
from tests.fixtures.services import HOST, free_port
from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_view import KafkaView

LIMIT_S = 300.0
LOOK_S = 0.1
STOP_S = 30.0


@dataclass(frozen=True)
class Services:
    """The broker (host:port), the store's address, and a folder for what is left over."""

    broker: str
    store: str
    home: Path

    def environment(self, topic: str, group: str, bucket: str) -> dict[str, str]:
        """Of a process that works on a topic and a bucket. All sinks get the same, whatever they read of it."""
        return Instance(self.home).process_environment("consumer") | {
            "TICKLAKE_KAFKA_BOOTSTRAP": self.broker,
            "TICKLAKE_KAFKA_GROUP": group,
            "TICKLAKE_TICKS_TOPIC": topic,
            "TICKLAKE_S3_ENDPOINT": self.store,
            "TICKLAKE_S3_BUCKET": bucket,
            "TICKLAKE_WAREHOUSE_ACCOUNT": "none",
            "TICKLAKE_WAREHOUSE_USER": "none",
        }


@dataclass(frozen=True)
class Sink:
    """A program that moves the topic into the bucket that its environment names.

    A line with `begun` in it says that it has records. At the end of the topic it flushes and commits: by itself, or when
    it is asked to end, because it says on `port` that it has read as many records as there are.
    """

    name: str
    command: tuple[str, ...]
    begun: str = "begun"
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None


class Run(NamedTuple):
    """Records a second and CPU seconds a million from the first record to the commit of the last; peak resident bytes; what is stored."""

    rate: float
    cpu_s: float
    peak_bytes: int
    audit: Audit


def ticklake(client: str, **settings: str) -> Sink:
    """Our own consumer, as it is, with one of its clients."""
    port = free_port()
    own = {"TICKLAKE_KAFKA_CLIENT": client, "TICKLAKE_CONSUMER_HTTP_PORT": str(port)} | settings
    return Sink(f"ticklake, {client}", (sys.executable, "-m", "streaming.consumer"), "partition_begins", own, port)


def drain(services: Services, sink: Sink, backlog: Backlog) -> Run:
    """Let a sink move a whole topic into a bucket of its own. Raises RuntimeError when it ends early or takes too long."""
    name = f"bench-{uuid.uuid4().hex}"
    environment = services.environment(backlog.topic, name, name) | {"BENCH_RECORDS": str(backlog.records)}
    with Bucket(services.store, name) as bucket:
        with Process(sink, environment) as process, closing(KafkaView(services.broker)) as view:
            while _committed(view, name, backlog.topic) < backlog.records:
                process.look()
                if process.status().get("records") == backlog.records:
                    process.end()
            took = process.seconds()
        return Run(backlog.records / took, process.cpu_s / (backlog.records / 1e6), process.peak_bytes, audit(bucket.bodies(), backlog))


def _committed(view: KafkaView, group: str, topic: str) -> int:
    try:
        return sum(each.offset for each in view.committed(group, topic).values())
    except BrokerUnavailable:
        return 0  # the first group of a broker has to wait for its coordinator


class Process:
    """A sink that runs; a context manager that ends it. `cpu_s` since its first record and `peak_bytes` are as of the last look."""

    def __init__(self, sink: Sink, environment: Mapping[str, str]) -> None:
        self._sink, self._environment = sink, {**environment, **sink.settings}
        self._begun = threading.Event()
        self._deadline = time.monotonic() + LIMIT_S
        self.lines: list[str] = []
        self.cpu_s, self.peak_bytes = 0.0, 0

    def __enter__(self) -> Process:
        self._process = psutil.Popen(
            self._sink.command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        try:
            self._process.wait(STOP_S)
        except psutil.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line)
            if self._sink.begun in line and not self._begun.is_set():
                self._since, self._cpu_before = time.monotonic(), self._cpu()
                self._begun.set()

    def look(self) -> None:
        """Let a moment pass. Raises RuntimeError when the process takes too long, or has failed."""
        if time.monotonic() > self._deadline or self._process.poll():
            raise RuntimeError(f"{self._sink.name} did not drain the topic: {''.join(self.lines[-20:])}")
        time.sleep(LOOK_S)
        if self._begun.is_set():
            with suppress(psutil.Error, StopIteration):  # it may have ended in this moment
                self.cpu_s, self.peak_bytes = self._cpu() - self._cpu_before, peak_bytes(self._process.pid)

    def end(self) -> None:
        """Ask it to end."""
        with suppress(psutil.NoSuchProcess):
            self._process.terminate()

    def status(self) -> dict[str, Any]:
        """What it says of itself; empty as long as it does not."""
        if self._sink.port is None or not self._begun.is_set():
            return {}
        try:
            told: dict[str, Any] = httpx.get(f"http://{HOST}:{self._sink.port}/status").json()
        except httpx.HTTPError:
            return {}
        return told

    def seconds(self) -> float:
        """Since the first record was in its hands."""
        return time.monotonic() - self._since

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def peak_bytes(pid: int) -> int:
    """The most resident memory that a process ever had."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
