"""The Risk page in its states, over tables and portfolios that a test sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components import correlation
from dashboard.components.palette import DARK, LIGHT
from dashboard.exports.desk import Exports, Extract
from dashboard.look import Key, Look, Zone
from dashboard.risk import charts, limit_panel, pairs, stored, wording
from dashboard.risk.books import Book, Rate
from dashboard.risk.limit_book import LimitBook, problem
from dashboard.shared import Reading
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW
from tests.fakes.tables import FakeTables
from ticklake.calendars import calendar
from ticklake.portfolio.model import Portfolio
from ticklake.risk.limits import Check, Limit, Metric, Status
from ticklake.roles import Role, User

ADMIN, VIEWER = User("ada", Role.ADMIN), User("vic", Role.VIEWER)
SESSIONS = [each.day for each in calendar("XNYS").sessions(date(2025, 9, 1), date(2026, 11, 20))][-253:]
ODD = "<script>'\"🙂" + "X" * 40


class Held(NamedTuple):
    """A holding of a fake portfolio."""

    symbol: str
    quantity: Decimal = Decimal(10)
    price: Decimal | None = Decimal(100)
    rate: Decimal | None = Decimal(1)
    currency: str | None = "USD"
    sector: str | None = "Energy"
    source: str = "test"


class FakeBooks:
    """One portfolio, or none, or a problem."""

    def __init__(self, book: Book | None, problem: str | None = None) -> None:
        self._book, self._problem = book, problem

    def portfolios(self) -> Reading[Mapping[str, Portfolio]]:
        return Reading({"p1": Portfolio("p1", self._book.name, self._book.currency)} if self._book else {}, self._problem)

    def book(self, portfolio: Portfolio, at: datetime) -> Reading[Book]:
        return Reading(self._book)


class FakeWarehouse:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[Mapping[str, Any]] = []

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        self.written.append(params or {})
        return []


def closes(*symbols: str, days: int = 253, made_of: str = "daily bars") -> pd.DataFrame:
    """The answer of risk_closes.sql: a random walk of each symbol up to Friday."""
    return pd.concat(
        pd.DataFrame(
            {
                "SYMBOL": symbol,
                "SOURCE": "test",
                "BAR_DATE": SESSIONS[-days:],
                "CLOSE": 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.015, days))),
                "MADE_OF": made_of,
                "CALENDAR": "XNYS",
            }
        )
        for seed, symbol in enumerate(symbols)
    )


def figures(symbol: str = "A", observations: int = 252, as_of: str = "2026-11-20", **changed: object) -> pd.DataFrame:
    """The answer of risk_figures.sql."""
    losses = {f"{method}_{kind}_{level}": 0.0321 for method in ("HISTORICAL", "PARAMETRIC") for kind in ("VAR", "ES") for level in (95, 99)}
    row = {"SYMBOL": symbol, "SOURCE": "test", **losses, "MAX_DRAWDOWN": 0.25, "BETA": 1.3, "BENCHMARK": "SPY", "BETA_OBSERVATIONS": observations}
    return pd.DataFrame([row | {"OBSERVATIONS": observations, "AS_OF": pd.Timestamp(as_of), "CALENDAR": "XNYS"} | changed])


def volatilities(observations: int = 20, as_of: str = "2026-11-20") -> pd.DataFrame:
    """The answer of risk_volatility.sql."""
    kinds = [("close", "1D", 20, 252.0), ("ewma", "1D", 252, 252.0), ("close", "1M", 1, 98280.0)]
    rows = [(method, interval, window, 0.2034, year, max(observations, window if observations >= 20 else 0)) for method, interval, window, year in kinds]
    names = ["METHOD", "BAR_INTERVAL", "WINDOW_DAYS", "VOLATILITY", "ANNUALISATION", "OBSERVATIONS"]
    return pd.DataFrame(rows, columns=names).assign(AS_OF=pd.Timestamp(as_of), CALENDAR="XNYS")


def correlations(*symbols: str) -> pd.DataFrame:
    """The answer of risk_pairs.sql; the last symbol has too few returns in common with all others."""
    rows = [
        (
            a,
            b,
            None if b == symbols[-1] else 0.5 - 0.01 * at,
            12 if b == symbols[-1] else 60,
            pd.Timestamp("2026-11-20"),
            "few" if b == symbols[-1] else "",
            99,
            "1D",
            60,
        )
        for at, (a, b) in enumerate((a, b) for place, a in enumerate(symbols) for b in symbols[place + 1 :])
    ]
    return pd.DataFrame(rows, columns=["SYMBOL_A", "SYMBOL_B", "CORRELATION", "N_COMMON", "AS_OF", "WHY_NULL", "SYMBOLS", "BAR_INTERVAL", "WINDOW_DAYS"])


NO_LIMITS = pd.DataFrame(columns=["METRIC", "AMBER", "RED", "SET_BY", "SET_AT"])
FULL = {
    "risk_figures": figures(),
    "risk_volatility": volatilities(),
    "risk_closes": closes("A", "B", "SPY"),
    "risk_pairs": correlations("A", "B", "C"),
    "app/limits": NO_LIMITS,
    "risk_sources": pd.DataFrame({"SOURCE": ["test"], "DAYS": [253]}),
    "risk_worst_days": pd.DataFrame({"BAR_DATE": [date(2020, 3, 16)], "MOVE": [-0.1198]}),
    "risk_day": pd.DataFrame({"SYMBOL": ["A", "B"], "SOURCE": "test", "MOVE": [-0.1, -0.2]}),
}
BOOK = Book("Growth", "USD", [Held("A"), Held("B", sector="Tech")], benchmark=("SPY", "test"))


def page(look: object, tables: object, books: object, limits: object, exports: object, user: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.views import risk

    risk.render(look, tables, books, limits, exports, user, lambda: now)  # type: ignore[arg-type]


ADDRESS = {"closes", "pair_a", "pair_b", "scenario", "worst_day", "any_day", "sector_moves"}
"""What a test may set in the address."""


class Page:
    """The page over what a test sets: answers of the warehouse, and what the address says."""

    def __init__(self, show: str, *, key: Key | None = ("A", "test"), book: Book | None = BOOK, user: User = ADMIN, **answers: pd.DataFrame | str) -> None:
        address = {name: str(answers.pop(name)) for name in ADDRESS & answers.keys()}
        self.tables = FakeTables({**FULL, **{name.replace("app_", "app/"): answer for name, answer in answers.items()}})
        self.warehouse = FakeWarehouse()
        limits = LimitBook(self.tables, self.warehouse, ManualClock(NOW), lambda: None)  # type: ignore[arg-type]
        exports = Exports(self.warehouse, self.tables, ManualClock(NOW), lambda: None)  # type: ignore[arg-type]
        look = Look(key, Zone.EXCHANGE, None, LIGHT, NOW)
        arguments = {"look": look, "tables": self.tables, "books": FakeBooks(book), "limits": limits, "exports": exports, "user": user, "now": NOW}
        self.test = AppTest.from_function(page, kwargs=arguments, default_timeout=30)
        for name, value in {"show": show, **address}.items():
            self.test.query_params[name] = value
        self.run()

    def run(self) -> None:
        self.test.run()
        assert not self.test.exception

    @property
    def text(self) -> str:
        return "\n".join(element.proto.body for element in self.test.get("html"))

    def table(self, alt: str) -> pd.DataFrame:
        """The table that begins to describe itself so."""
        found: pd.DataFrame = next(each for each in self.test.dataframe if each.proto.alt.startswith(alt)).value
        return found

    @property
    def charts(self) -> list[Any]:
        return list(self.test.get("vega_lite_chart"))


def test_an_instrument_has_every_figure_with_convention_and_observations() -> None:
    shown = Page("Instrument")
    assert "20.34 %" in shown.text
    assert "close to close, around the mean; 1 day bars, times √252 a year; 20 observations to 2026-11-20" in shown.text
    assert "historical, at most this on 95 of 100 days, simple returns; 252 observations to 2026-11-20" in shown.text
    assert "1.30" in shown.text
    assert "against SPY of the same source" in shown.text
    assert "made of adjusted daily bars, 253 to 2026-11-20" in shown.text
    assert len(shown.table("Value at risk")) == 4
    assert list(shown.table("Volatility by")["As of"]) == ["2026-11-20", "2026-11-20", "2026-11-19 19:00 EST"]
    (chart,) = shown.charts
    assert "Drawdown of A over 253 closes" in chart.proto.alt
    assert len(shown.table("Drawdown")) == 253


@pytest.mark.parametrize(("as_of", "day"), [("2026-11-18 20:59", "2026-11-18"), ("2026-11-20 00:00", "2026-11-19")])
def test_volatility_by_the_minute_names_the_session_that_it_is_of(as_of: str, day: str) -> None:
    text = Page("Instrument", risk_volatility=volatilities(as_of=as_of)).text
    assert f"<dt>Volatility on {day}</dt>" in text
    assert "today" not in text


def test_short_input_says_how_short_and_shows_no_number() -> None:
    shown = Page("Instrument", risk_figures=figures(observations=12), risk_volatility=volatilities(12), risk_closes=closes("A", days=13))
    assert "insufficient: 12 of 15 observations" in shown.text
    assert "insufficient: 12 of 60 observations" in shown.text
    assert "%<" not in shown.text
    assert set(shown.table("Value at risk")["Value at risk"]) == {"insufficient: 12 of 60 observations", "insufficient: 12 of 100 observations"}


def test_old_input_is_stale_since_its_last_day() -> None:
    old = closes("A").assign(BAR_DATE=lambda rows: [day.replace(year=day.year - 1) for day in rows["BAR_DATE"]])
    shown = Page("Instrument", risk_figures=figures(as_of="2026-10-30"), risk_volatility=volatilities(as_of="2026-10-30"), risk_closes=old)
    assert "stale since 2026-10-30" in shown.text
    assert "stale since 2025-11-20" in shown.text
    assert "%<" not in shown.text


def test_days_of_ticks_are_named_as_such() -> None:
    assert "days of ticks, not adjusted" in Page("Instrument", risk_closes=closes("A", made_of="ticks")).text


def test_daily_closes_of_another_source_can_be_chosen() -> None:
    shown = Page("Instrument", risk_sources=pd.DataFrame({"SOURCE": ["vendor", "test"], "DAYS": [5000, 3]}))
    (choice,) = [each for each in shown.test.segmented_control if each.label == "Daily closes of"]
    assert choice.options == ["test (3 days)", "vendor (5000 days)"]
    choice.set_value("vendor").run()
    assert {"keys": '[["A", "vendor"]]'} in [params for _, _, params in shown.tables.asked]


def test_whose_closes_count_is_in_the_address_and_a_view_can_be_sent() -> None:
    sources = pd.DataFrame({"SOURCE": ["vendor", "test"], "DAYS": [5000, 3]})
    sent = Page("Instrument", risk_sources=sources, closes="vendor")
    assert {"keys": '[["A", "vendor"]]'} in [params for _, _, params in sent.tables.asked]
    assert sent.test.query_params["closes"] == "vendor"
    mine = Page("Instrument", risk_sources=sources)
    assert "closes" not in mine.test.query_params
    mine.test.segmented_control[1].set_value("vendor").run()
    assert mine.test.query_params["closes"] == "vendor"
    mine.test.segmented_control[1].set_value("test").run()
    assert "closes" not in mine.test.query_params
    assert Page("Instrument", risk_sources=sources, closes="<nobody>").test.segmented_control[1].value == "test"


def test_the_pair_that_is_looked_into_is_in_the_address() -> None:
    sent = Page("Correlation", pair_a="B", pair_b="C")
    assert "B and C: " in sent.text
    sent.test.selectbox(key="pair_a").select("A").run()
    assert {name: sent.test.query_params[name] for name in ("pair_a", "pair_b")} == {"pair_a": "A", "pair_b": "C"}


def test_the_day_of_a_stress_is_in_the_address() -> None:
    days = pd.DataFrame({"BAR_DATE": [date(2020, 3, 16), date(2008, 10, 15)], "MOVE": [-0.1198, -0.0903]})
    sent = Page("Stress", risk_worst_days=days, scenario="Historical day", worst_day="2008-10-15")
    assert "What each holding did on 2008-10-15" in sent.text
    sent.test.selectbox(key="worst_day").select("2020-03-16").run()
    assert sent.test.query_params["worst_day"] == "2020-03-16"
    typed = Page("Stress", risk_worst_days=days, scenario="Historical day", any_day="1999-12-31")
    assert "What each holding did on 1999-12-31" in typed.text


@pytest.mark.parametrize("said", ["", "no json", '{"Tech": "much"}', '{"Tech": 1e9}', "[]", '{"Elsewhere": 3}'])
def test_moves_of_sectors_that_the_address_does_not_say_are_none(said: str) -> None:
    assert "-200.00 USD" in Page("Stress", scenario="Own moves", sector_moves=said).text


def test_moves_of_sectors_are_in_the_address() -> None:
    sent = Page("Stress", scenario="Own moves", sector_moves='{"Tech": -50}')
    assert "-600.00 USD" in sent.text  # A falls by 10 %, B by 50 %
    assert sent.test.query_params["sector_moves"] == '{"Tech": -50.0}'


def test_a_symbol_without_figures_says_what_it_waits_for() -> None:
    empty = {name: FULL[name].iloc[:0] for name in ("risk_figures", "risk_volatility", "risk_closes")}
    shown = Page("Instrument", **empty)
    assert "no figures yet" in shown.text
    assert not shown.charts


def test_a_warehouse_in_trouble_is_one_line_and_the_other_figures_stay() -> None:
    shown = Page("Instrument", risk_closes="the warehouse does not answer: <refused>")
    assert "the warehouse does not answer: &lt;refused&gt;" in shown.text
    assert "20.34 %" in shown.text


def test_no_symbol_is_said() -> None:
    assert "Choose a symbol above" in Page("Instrument", key=None).text


def test_names_that_break_pages_do_not_break_this_one() -> None:
    book = BOOK._replace(name=ODD, holdings=[Held(ODD, sector="<b>"), Held("B")])
    answers = {"risk_figures": figures(ODD), "risk_closes": closes(ODD, "B", "SPY"), "risk_pairs": correlations(ODD, "B", "C")}
    for show in ("Instrument", "Portfolio", "Correlation", "Stress"):
        shown = Page(show, key=(ODD, "test"), book=book, **answers)
        assert "<script>" not in shown.text
        assert "<b>" not in shown.text


def test_a_portfolio_has_parts_that_sum_to_its_value_at_risk() -> None:
    shown = Page("Portfolio")
    assert "2,000.00 USD" in shown.text
    parts = shown.table("Component")
    assert parts["Of VaR, %"].sum() == pytest.approx(100, abs=0.02)
    total = shown.table("Value at risk").set_index(["Level", "Method"]).loc[("95 %", "parametric"), "Value at risk"]
    assert f"{parts['VaR, USD'].sum():,.2f} USD" == total
    assert "HHI 0.500, as 2.0 equal positions" in "".join(each.value for each in shown.test.caption)


def test_a_breach_is_said_with_icon_word_and_what_breaches() -> None:
    shown = Page("Portfolio")
    assert '<td class="tl-status tl-red"><span aria-hidden="true">✖</span> BREACH</td><td>Largest position, share of gross</td>' in shown.text
    assert "A 50.00 %, B 50.00 %" in shown.text


def test_a_portfolio_names_what_it_leaves_out() -> None:
    book = BOOK._replace(holdings=[*BOOK.holdings, Held("NOPRICE", price=None), Held("NEW"), Held("EURO", currency="EUR", rate=Decimal("1.2"))])
    shown = Page("Portfolio", book=book, risk_closes=closes("A", "B", "SPY", "EURO", days=13))
    assert "Without NOPRICE: no price, or no exchange rate to USD." in shown.text
    assert "Value at risk without NEW: no daily closes." in shown.text
    assert "EURO: moves of the currency do not count" in shown.text
    assert "keeps the days in common down to 13" in shown.text
    assert "insufficient: 12 of 60 observations" in shown.text
    assert "not known" in shown.text


def test_a_currency_with_an_exchange_rate_counts() -> None:
    book = BOOK._replace(holdings=[Held("A", currency="EUR", rate=Decimal("1.2"))], rates={"EUR": (Rate(("EURUSD", "test"), False),)})
    frame = closes("A", "EURUSD", "SPY")
    shown = Page("Portfolio", book=book, risk_closes=frame)
    assert "moves of the currency do not count" not in shown.text
    a, euro = (frame[frame["SYMBOL"] == symbol]["CLOSE"].to_numpy() for symbol in ("A", "EURUSD"))
    product = a * euro
    expected = -np.quantile((product[1:] / product[:-1] - 1) * 1200, 0.05)
    assert f"{expected:,.2f} USD" in shown.text


@pytest.mark.parametrize(
    ("book", "said"),
    [(None, "No portfolio yet"), (BOOK._replace(holdings=[]), "Nothing is held"), (BOOK._replace(holdings=[Held("A", Decimal(0))]), "Nothing is held")],
)
def test_a_portfolio_without_positions_says_so(book: Book | None, said: str) -> None:
    assert said in Page("Portfolio", book=book).text


def test_who_may_not_change_limits_is_told_who_can() -> None:
    shown = Page("Portfolio", user=VIEWER)
    assert "The role viewer may not change limits" in shown.text
    assert not shown.test.button


def test_an_administrator_sets_what_has_been_edited() -> None:
    shown = Page("Portfolio")
    assert [each.label for each in shown.test.button] == ["Set limits"]
    shown.test.button[0].click().run()
    assert "Nothing was changed." in shown.text
    assert shown.warehouse.written == []
    before = pd.DataFrame({"Amber": [0.1] * len(Metric), "Red": [0.2] * len(Metric)})
    after = before.copy()
    after.loc[1, "Red"] = 0.3
    after.loc[2, ["Amber", "Red"]] = None
    assert [each.metric for each in limit_panel.changed(before, after)] == [Metric.TOP_FIVE, Metric.HERFINDAHL]
    limits = LimitBook(shown.tables, shown.warehouse, ManualClock(NOW), lambda: None)  # type: ignore[arg-type]
    limits.set("p1", limit_panel.changed(before, after), ADMIN)
    (written,) = shown.warehouse.written
    assert json.loads(written["limits"])[1] == {"metric": "herfindahl", "amber": None, "red": None}
    assert (written["set_by"], written["set_at"]) == ("ada", NOW)


@pytest.mark.parametrize(("amber", "red"), [(0, 1), (0.2, 0.1), (-1, 1), (0.1, float("nan")), (0.1, float("inf"))])
def test_a_limit_that_makes_no_sense_is_refused(amber: float, red: float) -> None:
    assert problem(Limit(Metric.SECTOR, amber, red))


def test_what_is_beyond_is_escaped() -> None:
    html = limit_panel.table([Check(Limit(Metric.SECTOR, 0.1, 0.2), Status.RED, 0.5, (("<b>", 0.5),), None)])
    assert "&lt;b&gt; 50.00 %" in html


def test_a_market_move_goes_through_betas() -> None:
    both = pd.concat([figures("A", BETA=1.5), figures("B", BETA=None, BETA_OBSERVATIONS=0)])
    shown = Page("Stress", risk_figures=both)
    assert "▼ -300.00 USD" in shown.text  # 1,000 x 1.5 x -20 %
    assert "without B: the scenario says nothing of it" in shown.text
    assert list(shown.table("Profit or loss")["Move"]) == ["-30.00 %", "n/a"]


def test_a_historical_day_is_applied_to_todays_positions() -> None:
    shown = Page("Stress")
    shown.test.segmented_control(key="scenario").set_value("Historical day").run()
    assert "▼ -300.00 USD" in shown.text
    assert "-15.00 %" in shown.text
    assert shown.tables.asked[-1][2]["day"] == "2020-03-16"
    shown.test.date_input(key="any_day").set_value(date(2024, 8, 5)).run()
    assert shown.tables.asked[-1][2]["day"] == "2024-08-05"


def test_own_moves_are_applied() -> None:
    shown = Page("Stress")
    shown.test.segmented_control(key="scenario").set_value("Own moves").run()
    assert "▼ -200.00 USD" in shown.text
    shown.test.number_input(key="own_move").set_value(5.0).run()
    assert "▲ +100.00 USD" in shown.text


def test_the_map_says_how_many_symbols_it_has_and_drills_into_a_pair() -> None:
    shown = Page("Correlation")
    captions = "".join(each.value for each in shown.test.caption)
    assert "the 3 of 99 symbols of test with the most turnover" in captions
    assert "A and B: +0.50, 60 returns in common." in shown.text
    assert "60 in each window, 252 in common" in captions
    assert len(shown.charts) == 2
    shown.test.selectbox(key="pair_b").select("C").run()
    assert "A and C: insufficient: 12 of 45 observations, 12 returns in common." in shown.text


def test_a_map_without_pairs_says_when_to_expect_them() -> None:
    assert "No two symbols of test have returns in common" in Page("Correlation", risk_pairs=FULL["risk_pairs"].iloc[:0]).text


def test_a_short_pair_has_no_rolling_correlation() -> None:
    assert "Rolling correlation: insufficient: 12 of 60 observations." in Page("Correlation", risk_closes=closes("A", "B", days=13)).text


def test_a_map_stays_below_two_thousand_marks() -> None:
    symbols = [f"S{at:02}" for at in range(correlation.MOST)]
    found = pairs.read(correlations(*symbols))
    assert len(found.cells) == 44 * 44 < 2000
    assert json.dumps(correlation.spec(LIGHT, found.ordered))
    few = pairs.read(correlations(*symbols[: correlation.WRITTEN]))
    assert len(few.cells) * 2 < 2000
    assert len(correlation.spec(LIGHT, few.ordered)["layer"]) == 2
    assert correlation.table(found.ordered, found.cells).shape == (44, 44)


@pytest.mark.parametrize(
    ("show", "columns", "rows"),
    [
        ("Instrument", ["FIGURE", "VALUE", "OBSERVATIONS", "AT_LEAST", "AS_OF", "WHY_NOT"], 13),
        ("Portfolio", ["HOLDING", "VALUE", "COMPONENT", "SHARE", "SHORTFALL", "MARGINAL"], 2),
        ("Correlation", ["A", "B", "CORRELATION", "N_COMMON", "WHY"], 3),
        ("Stress", ["HOLDING", "VALUE", "MOVE", "PROFIT"], 2),
    ],
)
def test_what_is_on_screen_can_be_taken_away(show: str, columns: list[str], rows: int) -> None:
    shown: Extract = Page(show).test.session_state["risk-shown"]
    assert (list(shown.frame.columns), len(shown.frame), shown.sources) == (columns, rows, ("test",))
    assert f"show={show}" in shown.query


def test_nothing_on_screen_is_nothing_to_take_away() -> None:
    assert Page("Portfolio", book=None).test.session_state["risk-shown"] is None


def test_answers_are_worked_on_once_for_all_readers() -> None:
    frame = closes("A")
    assert stored.series(frame) is stored.series(frame)
    assert stored.series(frame) is not stored.series(frame.copy())


def test_specs_differ_by_theme_only() -> None:
    for spec in (charts.drawdown_spec, charts.rolling_spec, charts.parts_spec):
        assert spec(LIGHT) is spec(LIGHT)
        assert spec(LIGHT) != spec(DARK)


def test_figures_are_written_with_sign_and_unit() -> None:
    assert [wording.share(0.2034), wording.signed_share(-0.2), wording.signed_share(-0.000001), wording.share(float("nan"))] == [
        "20.34 %",
        "-20.00 %",
        "0.00 %",
        "n/a",
    ]
    assert [wording.signed_money(-1234.5, "USD"), wording.signed_money(0, "EUR"), wording.ratio(1.067)] == ["▼ -1,234.50 USD", "■ +0.00 EUR", "1.07"]
