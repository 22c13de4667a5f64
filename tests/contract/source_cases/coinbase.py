"""Coinbase, over real sockets from a server that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from streaming.producer import stream
from streaming.producer.source import Request, create
from tests.contract.source_cases import Play, Recording, SourceCase
from tests.fakes.websocket_server import Close, Conversation, Drop, Heard, MisbehavingServer
from tests.fixtures import services
from tests.fixtures.messages import recorded
from ticklake.clock import SystemClock
from ticklake.errors import BadPayload
from ticklake.instruments import Instruments

MESSAGES = recorded("coinbase")
SUBSCRIBED = Heard('"market_trades"')
HUGE = "x" * 1_100_000


def trade(price: str, sequence: int, size: str, side: str, symbol: str = "BTC-USD", **more: Any) -> dict[str, object]:
    return {"symbol": symbol, "kind": "trade", "feed": "realtime", "price": price, "sequence": sequence, "size": None, **more} | {
        "conditions": f"side={side} size={size}"
    }


SNAPSHOT = (
    trade("74214", 1000273158, "0.0173", "BUY", event_time=datetime(2026, 11, 23, 14, 29, 58, 100000, UTC)),
    trade("74215", 1000273159, "0.00001234", "SELL"),
    trade("74215.01", 1000273160, "0.5", "BUY"),
)
BITCOIN = trade("74216", 1000273161, "1.1", "SELL", event_time=datetime(2026, 11, 23, 14, 30, 1, 123456, UTC))
ETHER = trade("2230.75", 700000001, "2", "BUY", symbol="ETH-USD")
AGAIN = trade("74220", 1000273170, "0.2", "BUY")
GOOD_AMONG_BAD = trade("74218", 1000273188, "3", "BUY")


def spoken(*names: str) -> tuple[str, ...]:
    return tuple(MESSAGES[name] for name in names)


def case(tmp_path: Path) -> SourceCase:
    """Coinbase has no key."""
    return SourceCase(
        play,
        recordings=(
            Recording("trades", [(SUBSCRIBED, *spoken("subscribed", "snapshot", "heartbeat", "update"))], (*SNAPSHOT, BITCOIN, ETHER)),
            Recording(
                "gap and late message",
                [(SUBSCRIBED, *spoken("subscribed", "after_a_gap", "late"))],
                (trade("74217", 1000273165, "1", "BUY"), trade("74216.5", 1000273163, "1", "BUY")),
            ),
            Recording("trades sent twice", [(SUBSCRIBED, *spoken("snapshot", "snapshot"))], SNAPSHOT),
            Recording("wrong types", [(SUBSCRIBED, MESSAGES["wrong_types"])], (*(BadPayload,) * 10, GOOD_AMONG_BAD)),
            Recording(
                "garbage",
                [(SUBSCRIBED, "{", b"\x00\xff", "[]", "null", "{}", "[" * 5000, '{"channel":"\\ud800"}', MESSAGES["error"], *spoken("snapshot"))],
                (*(BadPayload,) * 8, *SNAPSHOT),
            ),
        ),
        broken=Recording(
            "connections that break",
            [
                (SUBSCRIBED, *spoken("snapshot", "update"), Close(1001)),
                (SUBSCRIBED, *spoken("snapshot"), Drop()),
                (SUBSCRIBED, HUGE),
                (SUBSCRIBED, *spoken("subscribed", "snapshot_again")),
            ],
            (*SNAPSHOT, BITCOIN, ETHER, BadPayload, AGAIN),
        ),
        ordered=False,
    )


@contextmanager
def play(recording: Recording) -> Iterator[Play]:
    stop = threading.Event()
    script = cast("list[Conversation]", recording.script)
    with MisbehavingServer(*script) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "FIRST_WAIT_S", 0.01)
        patch.setenv("TICKLAKE_COINBASE_URL", server.url)
        source = create("coinbase", Request(symbols=("BTC-USD", "ETH-USD")), services.settings(), Instruments(), SystemClock())
        yield Play(source, stop, stop.wait)
