"""A producer for chaos: our publisher, made-up ticks, and a ledger of what the broker acknowledged.

A wave of ticks is published, one after the other, and flushed; when all of it is settled its ids are appended to the ledger, after the fact.
A kill in between leaves ids out that were acknowledged, never ids in that were not. Each life has ids of its own.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from streaming import log
from ticklake import settings as ticklake_settings
from ticklake import tick
from ticklake.clock import SystemClock
from ticklake_io.kafka_open import open_publisher

SYMBOLS = tuple(f"SYM{i:02d}" for i in range(24))
WAVE_S = 0.2
_ANSWER_S = 5.0

Entry = tuple[str, str]
"""A line of the ledger: "tick" or "poison", and the id."""


def main() -> int:
    """Produce until SIGTERM; 1 when a wave was not settled then."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--life", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--poison-share", type=float, required=True)
    args = parser.parse_args()
    log.configure()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings, clock = ticklake_settings.load(), SystemClock()
    publisher = open_publisher(settings, settings.ticks_topic, clock=clock, wait=stop.wait)
    records = _records(args.life, args.poison_share, clock)
    with args.ledger.open("a") as ledger:
        due = clock.monotonic()
        while not stop.is_set():
            wave: list[Entry] = []
            for _ in range(round(args.rate * WAVE_S)):
                due = max(due + 1 / args.rate, clock.monotonic() - WAVE_S)  # a broker that was away leaves no flood behind
                stop.wait(max(0.0, due - clock.monotonic()))
                entry, key, value = next(records)
                if publisher.publish(key, value):
                    wave.append(entry)
            while not publisher.flush(_ANSWER_S):
                if stop.is_set():
                    return 1
            if publisher.counts().rejected:
                return 1
            ledger.write("".join(f"{kind} {name}\n" for kind, name in wave))
            ledger.flush()
    publisher.close()
    return 0


def _records(life: str, poison_share: float, clock: SystemClock) -> Iterator[tuple[Entry, bytes, bytes]]:
    """Ticks without end, some of them no ticks: entry of the ledger, key and value."""
    chance = random.Random(life)
    for i in count():
        symbol, name = chance.choice(SYMBOLS), tick.tick_id("chaos", life, i)
        if chance.random() < poison_share:
            yield ("poison", name), symbol.encode(), f"{name} is no tick".encode()
        else:
            yield ("tick", name), symbol.encode(), _value(name, symbol, i, f"{chance.uniform(50, 150):.4f}", clock.now())


def _value(name: str, symbol: str, sequence: int, price: str, time: datetime) -> bytes:
    each = tick.Tick(
        tick_id=name, symbol=symbol, kind="trade", event_time=time, received_at=time, price=price, source="chaos", feed="synthetic", sequence=sequence, size=100
    )
    return tick.encode(each)


if __name__ == "__main__":
    sys.exit(main())
