"""The router: who looks, which pages there are, and the bar above them. `python -m dashboard`.

A page is a function that takes what its view needs from `resources`, and a line in `PAGES`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from dashboard import frame, resources
from dashboard.alerts import toasts
from dashboard.freshness import Hop, hops
from dashboard.links import Links
from dashboard.look import Look
from dashboard.meter import METER
from dashboard.risk.books import DeskBooks
from dashboard.views import access, alerts, chart, live, pipeline, portfolio, quality, risk
from ticklake.errors import ConfigError
from ticklake.thresholds import thresholds
from ticklake_io.producing import Producing

ICON = Path(__file__).parent / "icon.svg"


def live_page(look: Look) -> None:
    """The board, and the candles of one instrument."""
    data, now = resources.market_data(), resources.clock().now
    live.render(look, data, now, resources.targets(), resources.exports(), resources.user(), link("chart"))


def chart_page(look: Look) -> None:
    """Candles of the instrument, or several compared, over any range."""
    chart.render(look, resources.charts(), resources.market_data().board, resources.exports(), resources.user(), resources.clock().now)


def portfolio_page(look: Look) -> None:
    """What is held, what it is worth, and how that came about."""
    desk, store = resources.portfolio_desk(), resources.portfolio_store()
    portfolio.render(look, desk, store, resources.exports(), resources.user(), resources.clock().now)


def risk_page(look: Look) -> None:
    """What an instrument or a portfolio may lose, what moves together, and what a bad day would cost."""
    books, limits = DeskBooks(resources.portfolio_desk()), resources.limit_book()
    risk.render(look, resources.tables(), books, limits, resources.exports(), resources.user(), resources.clock().now)


def alerts_page(look: Look) -> None:
    """Price alerts: rules, inbox, and a form for another rule."""
    alerts.render(look, _board, resources.tables(), resources.alerts(), resources.alert_desk(), resources.exports(), resources.user())


def _board() -> pd.DataFrame | None:
    snapshot = resources.market_data().board().value
    return snapshot.board if snapshot else None


def quality_page(look: Look) -> None:
    """What the rules say, what was taken out, and which minutes are there."""
    links = Links(resources.read_settings().airflow_url)
    quality.render(look, resources.tables(), resources.clock().now, resources.rule_meanings(), links, resources.exports(), resources.user())


def pipeline_page(look: Look) -> None:
    """How fresh each hop is, what was measured and loaded, and where a number comes from."""
    settings, now = resources.read_settings(), resources.clock().now

    def seen() -> list[Hop]:
        return hops(resources.market_data().board().value, now(), resources.targets(), look.every_s)

    links = Links(settings.airflow_url)
    pipeline.render(look, resources.tables(), now, seen, thresholds(settings), links, resources.exports(), resources.user())


def access_page(look: Look) -> None:
    """Who looks, and who may do what."""
    access.render(resources.user(), signs_in=resources.read_settings().oidc_client_id is not None)


class Entry(NamedTuple):
    """A page in the navigation: its title, the last part of its address (empty: where people arrive), and what draws it."""

    title: str
    path: str
    draw: Callable[[Look], None]


PAGES: dict[str, list[Entry]] = {
    "Markets": [Entry("Live", "", live_page), Entry("Chart", "chart", chart_page)],
    "Money": [Entry("Portfolio", "portfolio", portfolio_page), Entry("Risk", "risk", risk_page)],
    "Watch": [Entry("Alerts", "alerts", alerts_page), Entry("Data quality", "quality", quality_page), Entry("Pipeline", "pipeline", pipeline_page)],
    "Account": [Entry("Access", "access", access_page)],
}
"""Pages by section. A section without pages is not shown."""

PRODUCING_S = 10.0
"""How old what the producer says of its sources may be."""

ALIAS = "live"
"""Another address of the page where people arrive: what they type who know it by its name."""


def link(path: str) -> st.Page | None:
    """The page of that path, for a view to link to; None when there is none."""
    found = (entry for entries in PAGES.values() for entry in entries if entry.path == path)
    return next((st.Page(lambda: None, title=entry.title, url_path=entry.path) for entry in found), None)


def _producing() -> Producing:
    """How the sources are; nothing while the producer does not answer, which the freshness of the hops tells."""
    return resources.producers().get(lambda: PRODUCING_S).value or Producing()


def route() -> None:
    """Draw the bar and the page that the address names; without settings there is only what is missing to show."""

    def page(entry: Entry) -> st.Page:
        return st.Page(lambda: entry.draw(look), title=entry.title, url_path=entry.path, default=not entry.path)

    alias = st.Page(lambda: None, title="Live", url_path=ALIAS, visibility="hidden")
    sections = {section: list(map(page, entries)) for section, entries in PAGES.items() if entries}
    chosen = st.navigation({**sections, "": [alias]}, position="top")
    st.set_page_config(page_title=f"{chosen.title} · Ticklake", page_icon=ICON, layout="wide")
    if chosen is alias:
        first = next(each for pages in sections.values() for each in pages if not each.url_path)
        st.switch_page(first, query_params={name: st.query_params.get_all(name) for name in st.query_params})
    try:
        user = resources.user()
        look = frame.bar(resources.market_data(), resources.tables(), resources.clock().now, resources.targets(), _producing)
    except ConfigError as error:
        st.error(f"The dashboard cannot start: {error}")
    else:
        toasts(look, resources.alerts(), user)
        with METER.timing():
            chosen.run()
        resources.freeze()


if __name__ == "__main__":
    route()
