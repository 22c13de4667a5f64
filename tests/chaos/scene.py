"""Where a run takes place: broker, store, topics and bucket, and the environment of who takes part."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from infra.local.instance import BUCKET, ROOT, Instance
from tests.chaos.actors import Broker, Consumer, Producer
from tests.chaos.faulty_store import FaultyStore
from tests.fixtures import services
from tests.fixtures.services import object_store
from ticklake_io.store import S3Store
from ticklake_io.topics import create_topics

TICKS, DEAD_LETTERS, GROUP = "market.ticks", "market.ticks.dlq", "ticklake-lake"
SHUTDOWN_S = 10.0


@dataclass
class Scene:
    """A broker and a store that run, and the actors, which are ended with the scene. `store` is the way round all faults."""

    folder: Path
    broker: Broker
    upstream: str
    store: S3Store
    settings: Mapping[str, str]
    consumers: list[Consumer] = field(default_factory=list)
    producers: list[Producer] = field(default_factory=list)

    def add_consumer(self, chance: random.Random, fault_share: float = 0.0, *, create_only: bool = True, **settings: str) -> Consumer:
        """A consumer that is not started, behind a store that does faults to a share of its requests."""
        store = FaultyStore(self.upstream, chance, fault_share, create_only=create_only)
        self.consumers.append(Consumer(f"consumer-{len(self.consumers)}", self._environment(settings), self.folder, store))
        return self.consumers[-1]

    def add_producer(self, rate: float, poison_share: float, **settings: str) -> Producer:
        """A producer that is not started."""
        self.producers.append(Producer(f"producer-{len(self.producers)}", self._environment(settings), self.folder, rate, poison_share))
        return self.producers[-1]

    def close(self) -> None:
        """End the actors and their stores."""
        for actor in (*self.producers, *self.consumers):
            actor.close()
        for consumer in self.consumers:
            consumer.store.close()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TICKLAKE_")}
        instance = Instance(self.folder)
        path = os.pathsep.join((str(ROOT), str(ROOT / "plugins")))
        return {**instance.process_environment("chaos", clean), "PYTHONPATH": path, **self.settings, **settings}


@contextmanager
def scene(folder: Path, partitions: int, **settings: str) -> Iterator[Scene]:
    """A scene with its data in `folder`; `settings` are environment variables of all actors."""
    with ExitStack() as cleanup:
        broker = Broker(folder / "kafka")
        cleanup.callback(broker.close)
        broker.start()
        create_topics(services.settings(kafka_bootstrap=broker.address, ticks_partitions=partitions))
        upstream = cleanup.enter_context(object_store(folder))
        client = boto3.client("s3", endpoint_url=upstream, region_name="us-east-1", aws_access_key_id="ticklake", aws_secret_access_key="ticklake")
        client.create_bucket(Bucket=BUCKET)
        defaults = {
            "TICKLAKE_KAFKA_BOOTSTRAP": broker.address,
            "TICKLAKE_S3_BUCKET": BUCKET,
            "TICKLAKE_WAREHOUSE_ACCOUNT": "none",
            "TICKLAKE_WAREHOUSE_USER": "none",
            "TICKLAKE_CONSUMER_HTTP_PORT": "0",
            "TICKLAKE_PRODUCER_HTTP_PORT": "0",
            "TICKLAKE_SHUTDOWN_S": str(SHUTDOWN_S),
        }
        placed = Scene(folder, broker, upstream, S3Store(client, BUCKET), defaults | settings)
        cleanup.callback(placed.close)
        yield placed
