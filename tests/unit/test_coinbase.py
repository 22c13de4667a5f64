"""What Coinbase says, message by message."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streaming.producer.sources.coinbase import CoinbaseSession
from tests.fakes.clock import ManualClock
from tests.fixtures.messages import recorded
from ticklake.columns import decode
from ticklake.errors import BadPayload, Reject
from ticklake.instruments import Instrument, Instruments
from ticklake.tick import Tick, encode

MESSAGES = recorded("coinbase")
LISTED = Instruments((Instrument(symbol="BTCUSD", name="Bitcoin", primary="coinbase", aliases={"coinbase": "BTC-USD"}),))
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def read(*messages: str | bytes) -> tuple[list[Tick | Reject], list[int]]:
    """What comes of messages in one connection, and the gaps."""
    gaps: list[int] = []
    session = CoinbaseSession(LISTED, ManualClock(), gaps.append)
    return [item for message in messages for item in session.read(message.encode() if isinstance(message, str) else message)], gaps


def numbered(number: int) -> str:
    return json.dumps({"channel": "heartbeats", "sequence_num": number, "events": []})


def valid(items: list[Tick | Reject]) -> bool:
    ticks = [item for item in items if isinstance(item, Tick)]
    assert all(isinstance(item, (Tick, BadPayload)) for item in items)
    return decode([tick.symbol.encode() for tick in ticks], [encode(tick) for tick in ticks]).reasons.null_count == len(ticks)


def test_requests_name_products_as_coinbase_does() -> None:
    session = CoinbaseSession(LISTED, ManualClock(), lambda _: None)
    assert json.loads(*session.greeting()) == {"type": "subscribe", "channel": "heartbeats"}
    assert json.loads(*session.subscribe(["BTCUSD", "ETH-USD"])) == {"type": "subscribe", "channel": "market_trades", "product_ids": ["BTC-USD", "ETH-USD"]}
    assert json.loads(*session.unsubscribe(["BTCUSD"])) == {"type": "unsubscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]}


def test_trades_come_oldest_first_under_the_canonical_symbol() -> None:
    items, _ = read(MESSAGES["snapshot"])
    assert [(item.symbol, item.sequence) for item in items if isinstance(item, Tick)] == [
        ("BTCUSD", 1000273158),
        ("BTCUSD", 1000273159),
        ("BTCUSD", 1000273160),
    ]


def test_a_trade_keeps_its_id_whatever_else_changes() -> None:
    (first, _), (second, _) = read(MESSAGES["update"]), read(MESSAGES["snapshot_again"])
    ids = {item.sequence: item.tick_id for item in first if isinstance(item, Tick)}
    assert {item.sequence: item.tick_id for item in second if isinstance(item, Tick)}[1000273161] == ids[1000273161]


@given(st.lists(st.integers(0, 60), unique=True))
def test_numbers_that_are_missing_when_a_later_one_comes_are_a_gap(numbers: list[int]) -> None:
    highest = [max(numbers[: end + 1]) for end in range(len(numbers))]
    _, gaps = read(*map(numbered, numbers))
    assert gaps == [later - earlier - 1 for earlier, later in pairwise(highest) if later - earlier > 1]


def test_news_of_other_kinds_is_ignored() -> None:
    assert read(MESSAGES["heartbeat"]) == ([], [])
    assert read(MESSAGES["subscribed"], '{"channel":"candles","events":[{"candles":[]}]}') == ([], [])


def test_a_reject_holds_nothing_of_the_message() -> None:
    items, _ = read(*(each.replace("BTC-USD", "echo").replace("XXX", "echo") for each in MESSAGES.values()), '{"echo')
    assert len([item for item in items if isinstance(item, BadPayload)]) == 12
    assert "echo" not in "".join(str(item) for item in items if isinstance(item, Reject))


@given(st.binary())
def test_bytes_are_rejects_or_nothing(message: bytes) -> None:
    assert valid(read(message)[0])


@given(st.sampled_from(["trade_id", "product_id", "price", "size", "side", "time"]), JSON)
def test_whatever_stands_in_a_field_a_tick_is_valid(name: str, value: Any) -> None:
    trade = json.loads(MESSAGES["snapshot"])["events"][0]["trades"][0] | {name: value}
    items, _ = read(json.dumps({"channel": "market_trades", "events": [{"trades": [trade]}]}))
    assert len(items) == 1
    assert valid(items)
