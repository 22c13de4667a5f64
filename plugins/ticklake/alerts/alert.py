"""An alert: a rule met a tick. It is a function of both alone, so that judging the same tick again says the same thing."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal

import msgspec

from ticklake.alerts.conditions import Hit
from ticklake.alerts.rule import Key, Kind, Rule


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said, as JSON on the alerts topic, keyed by the rule.

    `reference` is the price that was crossed or moved away from; `moved` is in percent of it, None for a crossing.
    `event_time` is the tick's, `kafka_time` when the broker took it; both are UTC.
    """

    alert_id: str
    rule_id: str
    version: int
    owner: str
    symbol: str
    source: str
    kind: Kind
    tick_id: str
    event_time: datetime
    kafka_time: datetime
    price: Decimal
    reference: Decimal
    moved: Decimal | None = None
    window_s: int | None = None
    note: str = ""

    @property
    def key(self) -> Key:
        return self.symbol, self.source


def alert_id(rule: Rule, tick_id: str) -> str:
    """The id of what this version of `rule` says of a tick: 128 bits, in hex."""
    return hashlib.blake2b("\x1f".join((rule.rule_id, str(rule.version), tick_id)).encode(), digest_size=16).hexdigest()


def alert_of(rule: Rule, hit: Hit, tick_id: str, price: Decimal, event_time: datetime, kafka_time: datetime) -> Alert:
    """The alert of a rule that a tick has met."""
    return Alert(
        alert_id=alert_id(rule, tick_id),
        rule_id=rule.rule_id,
        version=rule.version,
        owner=rule.owner,
        symbol=rule.symbol,
        source=rule.source,
        kind=rule.kind,
        tick_id=tick_id,
        event_time=event_time,
        kafka_time=kafka_time,
        price=price,
        reference=hit.reference,
        moved=hit.moved,
        window_s=rule.window_s,
        note=rule.note,
    )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


def encode(alert: Alert) -> bytes:
    """The alert as a Kafka value."""
    return _encoder.encode(alert)


def decode(value: bytes) -> Alert:
    """The alert of a Kafka value. Raises `msgspec.MsgspecError` when it is none."""
    return _decoder.decode(value)
