"""Alpha Vantage, over recorded answers; the clock stands in a session, and later after its close."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from streaming.producer.source import Request
from streaming.producer.sources.alphavantage import build
from tests.contract.source_cases import Play, Recording, SourceCase
from tests.fakes.clock import ManualClock
from tests.fakes.provider import FakeProvider
from tests.fixtures.alphavantage import KEY, answer
from ticklake.errors import BadPayload, QuotaSpent, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.instruments import Instrument, Instruments, SourceSymbols
from ticklake_io.alphavantage.settings import AlphaVantageSettings
from ticklake_io.http import Answer

SYMBOLS = ("IBM", "BRK.B", "AAPL")
LISTED = Instruments(
    tuple(Instrument(symbol=each, name=each, calendar="XNYS", primary="alphavantage", aliases={"alphavantage": each.replace(".", "-")}) for each in SYMBOLS),
    {"alphavantage": SourceSymbols(SYMBOLS)},
)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
AFTER_CLOSE = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 17, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Script:
    """The provider's answers, in order: names of recorded ones, or others. After them it is a closed book."""

    answers: tuple[str | Answer | TicklakeError, ...]
    realtime: bool = False


def case(tmp_path: Path) -> SourceCase:
    """End-of-day prices on the free plan, one symbol a call; and realtime ones in bulk."""

    @contextmanager
    def play(recording: Recording) -> Iterator[Play]:
        script = recording.script
        if not isinstance(script, Script):
            raise TypeError(f"{recording.name}: no script of this provider")
        clock, stop, silent = ManualClock(NOON if script.realtime else AFTER_CLOSE), threading.Event(), threading.Event()
        answers = iter(script.answers)

        def reply(_: Mapping[str, str]) -> Answer | TicklakeError:
            given = next(answers, None)
            if given is None:
                silent.set()
                return answer("empty")
            return answer(given) if isinstance(given, str) else given

        def wait(seconds: float) -> bool:
            # Time stands still once all is said: the session would end, and another one begin.
            return stop.wait(seconds) if silent.is_set() else clock.sleep(seconds) or stop.is_set()

        plan = {"plan": "75", "entitlement": "realtime"} if script.realtime else {}
        own = AlphaVantageSettings(key=SecretStr(KEY), **plan)  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory(dir=tmp_path) as state:
            yield Play(build(Request(), own, Path(state), LISTED, clock, FakeProvider(clock, reply)), stop, wait)

    ibm = {"symbol": "IBM", "kind": "quote", "price": "304.12", "feed": "eod", "event_time": CLOSE, "day_volume": 3581234, "prev_close": "300.77"}
    berkshire = {"symbol": "BRK.B", "price": "513.25", "event_time": CLOSE}
    bulk = (
        {"symbol": "IBM", "price": "304.12", "feed": "realtime", "event_time": datetime(2026, 11, 23, 17, 0, 58, 641000, tzinfo=UTC)},
        {"symbol": "BRK.B", "price": "513.25", "feed": "realtime"},
        {"symbol": "AAPL", "price": "272.05", "event_time": datetime(2026, 11, 23, 14, 12, 4, 100000, tzinfo=UTC)},
    )
    unreachable = SourceUnavailable("www.alphavantage.co cannot be reached: ReadError")
    return SourceCase(
        play,
        recordings=(
            Recording("end of day", Script(("global_quote", "global_quote_alias")), (ibm, berkshire)),
            Recording("in bulk, and again unchanged", Script(("bulk_quotes", "bulk_quotes"), realtime=True), bulk),
            Recording("delayed", Script(("global_quote_delayed",)), (ibm | {"feed": "delayed"},)),
            Recording("one bad row", Script(("bulk_quotes_one_bad",), realtime=True), (BadPayload, {"symbol": "AAPL"}, BadPayload)),
            Recording(
                "bad prices and days", Script(("global_quote_bad_price", "global_quote_alias", "global_quote_bad_day")), (BadPayload, berkshire, BadPayload)
            ),
            Recording("too fast", Script(("burst", "minute_legacy", "global_quote")), (SourceUnavailable, SourceUnavailable, ibm)),
            Recording("spent", Script(("global_quote", "daily")), (ibm, QuotaSpent)),
            Recording("not in the plan", Script(("premium",)), (SourceRefused,)),
            Recording("not entitled", Script(("bulk_quotes_not_entitled",), realtime=True), (SourceRefused,)),
            Recording("a wrong key", Script(("bad_key",)), (SourceRefused,)),
            Recording(
                "garbage", Script((Answer(200, {}, b"<html>" + KEY.encode()), "global_quote_alias", "unknown_notice")), (BadPayload, berkshire, BadPayload)
            ),
        ),
        broken=Recording(
            "resets, overload and what follows",
            Script((unreachable, Answer(503, {"retry-after": "7"}, KEY.encode()), "global_quote", unreachable, "global_quote_alias")),
            (SourceUnavailable, SourceUnavailable, ibm, SourceUnavailable, berkshire),
        ),
        secret=KEY,
    )
