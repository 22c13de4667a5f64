"""What each recorded answer of Alpha Vantage means, and that none of it gives the key away."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.alphavantage import KEY, NAMES, answer
from ticklake.calendars import calendar
from ticklake.columns import decode
from ticklake.errors import BadPayload, QuotaSpent, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.tick import Tick, encode
from ticklake_io.alphavantage import bars, quotes
from ticklake_io.alphavantage.answers import Now, read
from ticklake_io.alphavantage.bars import VendorBar
from ticklake_io.alphavantage.quotes import Quote
from ticklake_io.alphavantage.settings import Entitlement
from ticklake_io.http import Answer

AT = datetime(2026, 11, 23, 17, 1, tzinfo=UTC)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
NOW = Now(AT, datetime(2026, 11, 24, 5, 0, tzinfo=UTC))

NOTICES: dict[str, type[TicklakeError]] = {
    "bad_call": BadPayload,
    "bad_function": BadPayload,
    "bad_key": SourceRefused,
    "bad_key_information": SourceRefused,
    "bulk_quotes_not_entitled": SourceRefused,
    "burst": SourceUnavailable,
    "burst_premium": SourceUnavailable,
    "daily": QuotaSpent,
    "daily_legacy": QuotaSpent,
    "daily_upsell": QuotaSpent,
    "demo_key": SourceRefused,
    "entitlement": SourceRefused,
    "minute": SourceUnavailable,
    "minute_legacy": SourceUnavailable,
    "premium": SourceRefused,
    "premium_outputsize": SourceRefused,
    "unknown_notice": BadPayload,
}
DATA = {
    "global_quote",
    "global_quote_alias",
    "global_quote_bad_day",
    "global_quote_bad_price",
    "global_quote_delayed",
    "global_quote_zeros",
    "bulk_quotes",
    "bulk_quotes_numbers",
    "bulk_quotes_one_bad",
    "intraday",
    "intraday_bad_bar",
    "intraday_no_zone",
    "intraday_summer",
    "market_status",
    "no_data",
    "empty",
    "unknown_object",
}


def one(name: str) -> Quote:
    quote = quotes.global_quote(read(answer(name), NOW))
    assert quote is not None
    return quote


def tick(quote: Quote, entitlement: Entitlement, at: datetime = AT, symbol: str = "IBM") -> Tick:
    return quotes.to_tick(quote, symbol, calendar("XNYS"), entitlement, at)


def test_every_recorded_answer_is_judged_here() -> None:
    assert set(NAMES) == set(NOTICES) | DATA
    assert len(NAMES) >= 14


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_told_from_the_others(name: str) -> None:
    with pytest.raises(TicklakeError) as told:
        read(answer(name), NOW)
    assert type(told.value) is NOTICES[name]


@pytest.mark.parametrize("name", sorted(DATA))
def test_data_are_data(name: str) -> None:
    assert isinstance(read(answer(name), NOW), dict)


def test_a_burst_asks_for_a_moment_and_a_spent_day_for_its_end() -> None:
    with pytest.raises(SourceUnavailable) as burst:
        read(answer("burst"), NOW)
    assert burst.value.after_s == 2
    with pytest.raises(QuotaSpent) as spent:
        read(answer("daily"), NOW)
    assert spent.value.until == NOW.resets_at


@pytest.mark.parametrize(
    ("status", "headers", "error", "after_s"),
    [
        (429, {"retry-after": "17"}, SourceUnavailable, 17),
        (429, {"retry-after": "Mon, 23 Nov 2026 17:02:30 GMT"}, SourceUnavailable, 90),
        (429, {}, SourceUnavailable, None),
        (500, {}, SourceUnavailable, None),
        (503, {"retry-after": "soon"}, SourceUnavailable, None),
        (599, {"retry-after": "-5"}, SourceUnavailable, None),
        (401, {}, SourceRefused, None),
        (403, {}, SourceRefused, None),
        (302, {}, BadPayload, None),
        (404, {}, BadPayload, None),
    ],
)
def test_a_status_counts_before_the_body(status: int, headers: dict[str, str], error: type[TicklakeError], after_s: float | None) -> None:
    with pytest.raises(error) as told:
        read(answer("global_quote", status, **headers), NOW)
    assert getattr(told.value, "after_s", None) == after_s


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>504</html>", b"[]", b'"text"', b"\xff\xfe", b'{"a":', b"[" * 100_000],
    ids=["empty", "html", "array", "text", "bytes", "cut", "deep"],
)
def test_garbage_is_garbage(body: bytes) -> None:
    with pytest.raises(BadPayload):
        read(Answer(200, {}, body), NOW)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_data_or_a_classified_error(content: object) -> None:
    """Whatever comes, under whatever key, in rows or not: no other exception leaves the parsers."""
    for body in (content, {"Global Quote": content}, {"data": [content]}, {"Time Series": {"2026-11-23 15:59:00": content}, "Meta Data": content}):
        for parse in (quotes.global_quote, quotes.bulk_quotes, lambda each: bars.bars("IBM", each), bars.market_status):
            try:
                parse(read(Answer(200, {}, json.dumps(body).encode()), NOW))
            except TicklakeError:
                continue


@pytest.mark.parametrize("name", NAMES)
def test_no_error_repeats_the_key(name: str) -> None:
    texts = []
    for parse in (quotes.global_quote, quotes.bulk_quotes, lambda each: bars.bars("IBM", each), bars.market_status):
        try:
            parse(read(answer(name), NOW))
        except TicklakeError as error:
            texts += [repr(error), *traceback.format_exception(error)]
    assert texts
    assert KEY not in "".join(texts)


def test_an_end_of_day_quote_is_of_the_close() -> None:
    found = tick(one("global_quote"), "eod", at=CLOSE + timedelta(hours=1))
    assert found == Tick(
        tick_id=found.tick_id,
        symbol="IBM",
        kind="quote",
        event_time=CLOSE,
        received_at=CLOSE + timedelta(hours=1),
        price="304.12",
        source="alphavantage",
        feed="eod",
        sequence=3581234,
        open="301.1",
        high="304.88",
        low="300.26",
        prev_close="300.77",
        day_volume=3581234,
    )
    again = tick(one("global_quote"), "eod", at=CLOSE + timedelta(hours=20))
    assert again.tick_id == found.tick_id
    assert decode([b"IBM"], [encode(found)]).reasons.to_pylist() == [None]


def test_an_early_close_is_honoured() -> None:
    friday = one("global_quote")._replace(day=datetime(2026, 11, 27, tzinfo=UTC).date())
    assert tick(friday, "eod").event_time == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entitlement", "at", "event_time"),
    [
        ("realtime", AT, AT),
        ("delayed", AT, AT - timedelta(minutes=15)),
        ("delayed", datetime(2026, 11, 23, 14, 35, tzinfo=UTC), datetime(2026, 11, 23, 14, 30, tzinfo=UTC)),
        ("realtime", CLOSE + timedelta(hours=2), CLOSE),
    ],
)
def test_a_younger_quote_lies_within_its_session(entitlement: Entitlement, at: datetime, event_time: datetime) -> None:
    assert tick(one("global_quote"), entitlement, at).event_time == event_time


def test_the_id_is_of_what_the_provider_said_not_of_when_it_was_heard() -> None:
    quote = one("global_quote")
    same = {tick(quote, "delayed", AT + timedelta(minutes=minute)).tick_id for minute in range(5)}
    assert len(same) == 1
    others = [quote._replace(price="304.13"), quote._replace(volume=3581235), quote._replace(day=datetime(2026, 11, 20, tzinfo=UTC).date())]
    assert len(same | {tick(each, "delayed").tick_id for each in others}) == 4


def test_a_delayed_quote_says_so_whatever_was_asked_for() -> None:
    assert tick(one("global_quote_delayed"), "realtime").feed == "delayed"


def test_zero_is_how_it_says_nothing() -> None:
    found = tick(one("global_quote_zeros"), "eod")
    assert (found.open, found.high, found.low, found.day_volume, found.price) == (None, None, None, 0, "304.12")


def test_what_breaks_the_rules_of_a_tick_is_no_tick() -> None:
    with pytest.raises(BadPayload, match="`price` is no price"):
        one("global_quote_bad_price")
    with pytest.raises(BadPayload, match="no session of XNYS"):
        tick(one("global_quote_bad_day"), "eod")


def test_nothing_is_nothing() -> None:
    assert quotes.global_quote(read(answer("no_data"), NOW)) is None
    assert quotes.global_quote(read(answer("empty"), NOW)) is None
    assert quotes.bulk_quotes(read(answer("empty"), NOW)) == []
    assert bars.bars("IBM", read(answer("empty"), NOW)) == []
    with pytest.raises(BadPayload):
        quotes.global_quote(read(answer("unknown_object"), NOW))


def test_a_bulk_quote_has_its_own_time_and_unknown_symbols_are_left_out() -> None:
    found = quotes.bulk_quotes(read(answer("bulk_quotes"), NOW))
    ticks = [tick(each, "realtime", symbol=each.symbol) for each in found if isinstance(each, Quote)]
    assert [(each.symbol, each.price, each.event_time) for each in ticks] == [
        ("IBM", "304.12", datetime(2026, 11, 23, 17, 0, 58, 641000, tzinfo=UTC)),
        ("BRK-B", "513.25", datetime(2026, 11, 23, 17, 0, 57, 905000, tzinfo=UTC)),
        ("AAPL", "272.05", datetime(2026, 11, 23, 14, 12, 4, 100000, tzinfo=UTC)),  # before the open: the extended hours' price
    ]
    assert {each.feed for each in ticks} == {"realtime"}


def test_one_bad_row_does_not_spoil_the_others() -> None:
    found = quotes.bulk_quotes(read(answer("bulk_quotes_one_bad"), NOW))
    assert [type(each) for each in found] == [BadPayload, Quote, BadPayload]


def test_numbers_stay_the_text_that_came() -> None:
    (found,) = quotes.bulk_quotes(read(answer("bulk_quotes_numbers"), NOW))
    assert isinstance(found, Quote)
    assert (found.price, found.volume) == ("304.1", 3581234)
    exact = read(Answer(200, {}, b'{"Global Quote": {"01. symbol": "X", "05. price": 0.12345678, "07. latest trading day": "2026-11-23"}}'), NOW)
    quote = quotes.global_quote(exact)
    assert quote is not None
    assert quote.price == "0.12345678"


@given(st.from_regex(r"[0-9]{1,14}(\.[0-9]{0,10})?|-?[0-9]{1,3}e[0-9]|nan|inf|Infinity| 1", fullmatch=True))
def test_a_price_is_one_that_the_lake_takes(text: str) -> None:
    """The rule here and the rule of the columns agree: nothing passes that becomes a rejected record."""
    try:
        quote = one("global_quote")._replace(price=quotes.price({"price": text}, "price"))
        found = tick(quote, "eod")
    except BadPayload:
        return
    assert decode([b"IBM"], [encode(found)]).reasons.to_pylist() == [None]


def test_bars_are_in_utc_and_in_order() -> None:
    found = bars.bars("IBM", read(answer("intraday"), NOW))
    assert found == [
        VendorBar("IBM", datetime(2026, 11, 23, 20, 58, tzinfo=UTC), "303.9", "304.03", "303.87", "304", 30127),
        VendorBar("IBM", datetime(2026, 11, 23, 20, 59, tzinfo=UTC), "304.01", "304.15", "303.98", "304.12", 48211),
    ]
    (summer,) = bars.bars("IBM", read(answer("intraday_summer"), NOW))
    assert summer.start == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["intraday_bad_bar", "intraday_no_zone", "unknown_object"])
def test_bars_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(BadPayload):
        bars.bars("IBM", read(answer(name), NOW))


def test_the_status_of_markets() -> None:
    found = bars.market_status(read(answer("market_status"), NOW))
    assert [(each.region, each.is_open) for each in found] == [("United States", True), ("Japan", False)]
    assert found[0].exchanges == "NASDAQ, NYSE, AMEX, BATS"
