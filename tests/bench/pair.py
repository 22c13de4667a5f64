"""Two consumers of one group: does each do its half?"""

from __future__ import annotations

import time
import uuid
from contextlib import ExitStack

from tests.bench.audit import Bucket
from tests.bench.sinks import Process, Services, ticklake
from tests.bench.topics import PARTITIONS, Backlog

WINDOW_S = 10.0


def measure_pair(services: Services, backlog: Backlog) -> tuple[float, float]:
    """Records a second of each of two processes that own half of the partitions, in the middle of a backlog."""
    name = f"bench-{uuid.uuid4().hex}"
    environment = services.environment(backlog.topic, name, name)
    with Bucket(services.store, name), ExitStack() as stack:
        one, other = (stack.enter_context(Process(ticklake("kafka-python"), environment)) for _ in range(2))
        while [each.status().get("partitions") for each in (one, other)] != [PARTITIONS // 2] * 2:
            one.look()
            other.look()
        began, before = time.monotonic(), [each.status() for each in (one, other)]
        while time.monotonic() < began + WINDOW_S:
            one.look()
        took, after = time.monotonic() - began, [each.status() for each in (one, other)]
        if not all(each["lag"] for each in after):
            raise RuntimeError("the backlog was too short for two")
    first, second = (now["records"] - then["records"] for now, then in zip(after, before, strict=True))
    return first / took, second / took
