"""What Finnhub says, message by message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streaming.producer.source import Request, create
from streaming.producer.sources.finnhub import FinnhubSession, FinnhubSettings
from tests.fakes.clock import ManualClock
from tests.fixtures import services
from tests.fixtures.messages import recorded
from tests.unit.test_coinbase import JSON, valid
from ticklake.errors import BadPayload, ConfigError, Reject, SourceRefused
from ticklake.instruments import Instrument, Instruments
from ticklake.tick import Tick

MESSAGES = recorded("finnhub")
LISTED = Instruments((Instrument(symbol="EURUSD", name="Euro", primary="finnhub", aliases={"finnhub": "OANDA:EUR_USD"}),))


def read(*messages: str | bytes) -> list[Tick | Reject]:
    """What comes of messages in one connection."""
    session = FinnhubSession(LISTED, ManualClock())
    return [item for message in messages for item in session.read(message.encode() if isinstance(message, str) else message)]


def ids(*messages: str) -> list[str]:
    return [item.tick_id for item in read(*messages) if isinstance(item, Tick)]


def test_requests_name_symbols_as_finnhub_does() -> None:
    session = FinnhubSession(LISTED, ManualClock())
    assert list(map(json.loads, session.subscribe(["AAPL", "EURUSD"]))) == [
        {"type": "subscribe", "symbol": "AAPL"},
        {"type": "subscribe", "symbol": "OANDA:EUR_USD"},
    ]
    assert list(map(json.loads, session.unsubscribe(["EURUSD"]))) == [{"type": "unsubscribe", "symbol": "OANDA:EUR_USD"}]


def test_equal_trades_of_one_connection_are_different_events() -> None:
    assert len(set(ids(MESSAGES["trades"], MESSAGES["trades"]))) == 8


def test_trades_repeated_in_a_new_connection_are_the_same_events() -> None:
    assert ids(MESSAGES["later"], MESSAGES["trades"])[1:] == ids(MESSAGES["trades"])


def test_each_field_of_a_trade_identifies_it() -> None:
    trade = {"s": "A", "p": 1, "t": 1795444200227, "v": 1, "c": ["1"]}
    others = [trade | other for other in ({"s": "B"}, {"p": 2}, {"t": 1795444200228}, {"v": 2}, {"c": ["2"]}, {"c": ["1", "1"]}, {"c": None})]
    each = [ids(json.dumps({"type": "trade", "data": [one]}))[0] for one in (trade, *others)]
    assert len(set(each)) == len(each)


def test_an_update_without_a_volume_is_a_quote() -> None:
    (tick,) = read(MESSAGES["currency"])
    assert isinstance(tick, Tick)
    assert (tick.symbol, tick.kind, tick.size) == ("EURUSD", "quote", None)


def test_an_error_about_the_key_stops_the_source_and_others_do_not() -> None:
    with pytest.raises(SourceRefused, match="TICKLAKE_FINNHUB_KEY"):
        read(MESSAGES["wrong_key"])
    assert [type(item) for item in read(MESSAGES["too_many"], MESSAGES["unknown"])] == [BadPayload, BadPayload]


@pytest.mark.parametrize("text", ["Invalid API key", "invalid token: x", "Access token is missing", "wrong api-key", "Invalid apikey"])
def test_an_error_about_the_key_is_told_from_one_about_a_symbol_of_that_name(text: str) -> None:
    with pytest.raises(SourceRefused):
        read(json.dumps({"type": "error", "msg": text}))
    for symbol in ("KEY", "KEYS", "TOKEN"):
        assert [type(item) for item in read(json.dumps({"type": "error", "msg": f"Symbol {symbol} not found"}))] == [BadPayload]


def test_a_key_is_not_sent_in_clear() -> None:
    with pytest.raises(ValueError, match="url"):
        FinnhubSettings(key=SecretStr("k"), url="ws://ws.finnhub.io")
    assert read(MESSAGES["ping"], '{"type":"news","data":[]}') == []


def test_a_reject_holds_nothing_of_the_message() -> None:
    items = read(*(MESSAGES[name].replace("AAPL", "echo").replace("Symbol", "echo") for name in ("wrong_types", "unknown", "too_many")), '{"echo')
    assert len([item for item in items if isinstance(item, BadPayload)]) == 11
    assert "echo" not in "".join(str(item) for item in items if isinstance(item, Reject))


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_the_setting_is_named(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if key is not None:
        monkeypatch.setenv("TICKLAKE_FINNHUB_KEY", key)
    with pytest.raises(ConfigError, match="TICKLAKE_FINNHUB_KEY"):
        create("finnhub", Request(symbols=("AAPL",)), services.settings(), LISTED, ManualClock())


@given(st.binary())
def test_bytes_are_rejects_or_nothing(message: bytes) -> None:
    assert valid(read(message))


@given(st.sampled_from(["s", "p", "t", "v", "c"]), JSON)
def test_whatever_stands_in_a_field_a_tick_is_valid(name: str, value: Any) -> None:
    trade = {"s": "A", "p": 1.5, "t": 1795444200227, "v": 1, "c": ["1"]} | {name: value}
    items = read(json.dumps({"type": "trade", "data": [trade]}))
    assert len(items) == 1
    assert valid(items)
