"""Finnhub, over real sockets from a server that misbehaves."""

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
from tests.fakes.websocket_server import Close, Conversation, Drop, Heard, MisbehavingServer, Refuse
from tests.fixtures import services
from tests.fixtures.messages import recorded
from ticklake.clock import SystemClock
from ticklake.errors import BadPayload, SourceRefused
from ticklake.instruments import Instrument, Instruments

KEY = "c0ffee-key-of-nobody"
MESSAGES = recorded("finnhub")
SUBSCRIBED = Heard("BRK.B")
LISTED = Instruments((Instrument(symbol="EURUSD", name="Euro", primary="finnhub", aliases={"finnhub": "OANDA:EUR_USD"}),))


def trade(price: str, size: int | None, sequence: int = 0, symbol: str = "AAPL", **more: Any) -> dict[str, object]:
    return {"symbol": symbol, "kind": "trade", "feed": "realtime", "price": price, "size": size, "sequence": sequence, **more}


TRADES = (
    trade("189.34", 100, conditions="1,8", event_time=datetime(2026, 11, 23, 14, 30, 0, 227000, UTC)),
    trade("189.34", 100, 1, conditions="1,8"),
    trade("189.3", 7, 2, conditions=None),
    trade("421.1", 1, symbol="BRK.B"),
)
LATER = trade("189.4", 3)


def case(tmp_path: Path) -> SourceCase:
    """Finnhub wants its key in the address, and some of its errors echo it."""
    coins = (
        trade("0.0000071", None, symbol="BINANCE:PEPEUSDT", conditions="size=1500.5"),
        trade("0.0000071", None, symbol="BINANCE:PEPEUSDT", conditions="size=2000"),
        trade("1.08745", None, symbol="EURUSD", conditions=None) | {"kind": "quote"},
    )
    return SourceCase(
        play,
        recordings=(
            Recording("trades", [(SUBSCRIBED, *spoken("ping", "trades", "ping", "later"))], (*TRADES, LATER)),
            Recording("coins and currencies", [(SUBSCRIBED, *spoken("coin", "exponent", "currency"))], coins),
            Recording("out of order", [(SUBSCRIBED, *spoken("later", "trades"))], (LATER, *TRADES)),
            Recording("wrong types", [(SUBSCRIBED, *spoken("trades", "wrong_types"))], (*TRADES, *(BadPayload,) * 9, trade("189.5", 2))),
            Recording("errors", [(SUBSCRIBED, *spoken("too_many", "unknown", "later"))], (BadPayload, BadPayload, LATER)),
            Recording(
                "garbage",
                [(SUBSCRIBED, "{", b"\x00\xff", "[]", "{}", "[" * 5000, f'{{"token":"{KEY}"', *spoken("later"))],
                (*(BadPayload,) * 6, LATER),
            ),
            Recording("a wrong key, said after the handshake", [(SUBSCRIBED, *spoken("wrong_key"))], (SourceRefused,)),
            Recording("a wrong key, said instead of one", [Refuse(401, f"Invalid API key: {KEY}")], (SourceRefused,)),
        ),
        broken=Recording(
            "connections that break",
            [
                (SUBSCRIBED, *spoken("trades"), Close(1001)),
                (SUBSCRIBED, *spoken("trades"), Drop()),
                (SUBSCRIBED, *spoken("trades", "later")),
            ],
            (*TRADES, LATER),
        ),
        secret=KEY,
        ordered=False,
    )


def spoken(*names: str) -> tuple[str, ...]:
    return tuple(MESSAGES[name].replace("KEY", KEY) for name in names)


@contextmanager
def play(recording: Recording) -> Iterator[Play]:
    stop = threading.Event()
    script = cast("list[Conversation]", recording.script)
    with MisbehavingServer(*script) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "FIRST_WAIT_S", 0.01)
        patch.setenv("TICKLAKE_FINNHUB_URL", server.url)
        patch.setenv("TICKLAKE_FINNHUB_KEY", KEY)
        source = create("finnhub", Request(symbols=("AAPL", "BRK.B", "BINANCE:PEPEUSDT", "EURUSD")), services.settings(), LISTED, SystemClock())
        yield Play(source, stop, stop.wait)
        assert all(KEY in path for path in server.paths)
