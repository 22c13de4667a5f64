"""Records that are no ticks: a row with its reason in the lake, a dead letter, a row in OPS.QUARANTINE; the rest flows on."""

from __future__ import annotations

import json

from kafka import KafkaProducer

from tests.fixtures.platform import Platform, eventually
from ticklake import tick

GOOD = {
    "v": 1,
    "tick_id": "test-1",
    "symbol": "XPOISON",
    "kind": "trade",
    "event_time": "2026-01-02T15:00:00Z",
    "received_at": "2026-01-02T15:00:00.000001Z",
    "price": "10.25",
    "source": "test",
    "feed": "replay",
    "sequence": 0,
}


def changed(**values: object) -> bytes:
    return json.dumps(GOOD | values).encode()


POISON: dict[str, tuple[bytes, bytes | None]] = {
    "not JSON": (b"XPOISON", b"\xff not json"),
    "schema: Object missing": (b"XPOISON", b'{"v": 1}'),
    "version: 9": (b"XPOISON", changed(v=9)),
    "key: not the symbol": (b"OTHER", changed()),
    "empty": (b"XPOISON", None),
    "symbol: empty or longer": (b"X" * 900, changed(symbol="X" * 900)),
    "tick_id: empty or longer": (b"XPOISON", changed(tick_id="x" * 1_000_000)),
    **{f"price: not a decimal ({price})": (b"XPOISON", changed(price=price)) for price in ("abc", "NaN", "-5", "1e30")},
}


def test_poison_is_set_aside_with_its_reason_and_the_rest_flows(platform: Platform) -> None:
    producer = KafkaProducer(bootstrap_servers=platform.urls["broker"], max_request_size=2_000_000)
    sent = [producer.send("market.ticks", key=key, value=value).get(30) for key, value in POISON.values()]
    producer.send("market.ticks", key=b"XPOISON", value=changed(tick_id=tick.tick_id("test", "good"))).get(30)
    producer.close()

    places = {(each.partition, each.offset): reason for each, reason in zip(sent, POISON, strict=True)}
    where = " OR ".join(f"(PARTITION_ID = {partition} AND OFFSET_ID = {offset})" for partition, offset in places)
    assert eventually(lambda: platform.count("OPS.QUARANTINE", where) == len(POISON), 180)
    for row in platform.sql(f"SELECT PARTITION_ID, OFFSET_ID, RULE FROM OPS.QUARANTINE WHERE {where}"):
        assert row["RULE"].startswith(places[row["PARTITION_ID"], row["OFFSET_ID"]].split(" (")[0])
    assert platform.count("RAW.TICKS", f"REJECT_REASON IS NOT NULL AND ({where})") == len(POISON)
    assert platform.count("CURATED.TICKS", "SYMBOL = 'XPOISON'") == 1

    letters = platform.ticklake("dlq", "list").stdout
    assert all(f"p{partition}@{offset} " in letters for partition, offset in places)
    verdict = platform.report("verify")
    assert verdict["ok"], verdict["mismatches"]
    assert verdict["rejected"] >= len(POISON)
