"""Watches the landing hints. Airflow does not start a watcher again that ended with an error, so this one never ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from ticklake.errors import BrokerUnavailable

if TYPE_CHECKING:
    from kafka import KafkaConsumer

log = structlog.get_logger()

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 15.0
POLL_MS = 1_000
ANSWER_S = 10.0


class LandingTrigger(BaseEventTrigger):
    """Yields an event for hints on `topic`, at most one in `gap_s` seconds; what comes in between is told together.

    Belongs to no consumer group and begins at the end of the topic. Each time it has (again) found the broker it yields an
    event unasked, for what may have landed unseen.
    """

    def __init__(self, bootstrap: str, topic: str, gap_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._bootstrap = bootstrap
        self._topic = topic
        self._gap_s = gap_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.{type(self).__name__}", {"bootstrap": self._bootstrap, "topic": self._topic, "gap_s": self._gap_s}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        pause = FIRST_PAUSE_S
        while True:
            try:
                async for hints in self._hints():
                    yield TriggerEvent({"hints": hints})  # type: ignore[no-untyped-call]
                    pause = FIRST_PAUSE_S
                    await asyncio.sleep(self._gap_s)
            except Exception as error:  # whatever it is: a watcher that ends stays dead
                log.warning("landings_unwatched", reason=f"{type(error).__name__}: {error}", again_in_s=pause)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _hints(self) -> AsyncIterator[int]:
        """The number of hints each time there are some; first 0 when the topic was found."""
        loop = asyncio.get_running_loop()
        # The client blocks and is for one thread at a time: all its calls happen on this one.
        thread = ThreadPoolExecutor(1, thread_name_prefix="landings")
        try:
            consumer = await loop.run_in_executor(thread, self._open)
            try:
                yield 0
                while True:
                    polled = await loop.run_in_executor(thread, partial(consumer.poll, timeout_ms=POLL_MS))
                    if polled:
                        yield sum(map(len, polled.values()))
            finally:
                thread.submit(consumer.close, autocommit=False)
        finally:
            thread.shutdown(wait=False)

    def _open(self) -> KafkaConsumer:
        from kafka import KafkaConsumer, TopicPartition

        from ticklake import settings
        from ticklake_io.kafka_client import open_client, unavailable
        from ticklake_io.kafka_rights import Rights
        from ticklake_io.kafka_security import Security

        security = Security.of(settings.load())  # not an argument of ours: those are kept in Airflow's database
        with ExitStack() as opened, unavailable(Rights(security.user, "Read", self._topic)):
            consumer: KafkaConsumer = open_client(
                KafkaConsumer,
                self._bootstrap,
                bootstrap_s=ANSWER_S,
                group_id=None,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                **security.for_kafka_python(),
            )
            opened.callback(consumer.close, autocommit=False)
            partitions = [TopicPartition(self._topic, number) for number in sorted(consumer.partitions_for_topic(self._topic) or ())]
            if not partitions:
                raise BrokerUnavailable(f"there is no topic {self._topic} that {security.user} may read")
            consumer.assign(partitions)
            for partition, end in consumer.end_offsets(partitions).items():
                consumer.seek(partition, end)
            opened.pop_all()
        return consumer
