"""The router: which pages there are, and the bar above them. `streamlit run dashboard/app.py`.

A page is a function that takes what its view needs from `resources`, and a line in `PAGES`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from dashboard import frame, resources
from dashboard.look import Look
from dashboard.views import live
from ticklake.errors import ConfigError

ICON = Path(__file__).parent / "icon.svg"


def live_page(look: Look) -> None:
    """The board, and the candles of one instrument."""
    live.render(look, resources.market_data(), resources.clock().now, resources.targets(), link("chart"))


class Entry(NamedTuple):
    """A page in the navigation: its title, the last part of its address, and what draws it."""

    title: str
    path: str
    draw: Callable[[Look], None]


PAGES: dict[str, list[Entry]] = {
    "Markets": [Entry("Live", "live", live_page)],
    "Money": [],
    "Watch": [],
}
"""Pages by section; the first is where people arrive. A section without pages is not shown."""


def link(path: str) -> st.Page | None:
    """The page of that path, for a view to link to; None when there is none."""
    found = (entry for entries in PAGES.values() for entry in entries if entry.path == path)
    return next((st.Page(lambda: None, title=entry.title, url_path=entry.path) for entry in found), None)


def route() -> None:
    """Draw the bar and the page that the address names; without settings there is only what is missing to show."""
    st.set_page_config(page_title="Ticklake", page_icon=ICON, layout="wide")

    def page(entry: Entry) -> st.Page:
        return st.Page(lambda: entry.draw(look), title=entry.title, url_path=entry.path)

    chosen = st.navigation({section: list(map(page, entries)) for section, entries in PAGES.items() if entries}, position="top")
    try:
        look = frame.bar(resources.market_data(), resources.tables(), resources.clock().now, resources.targets())
    except ConfigError as error:
        st.error(f"The dashboard cannot start: {error}")
    else:
        chosen.run()
        resources.freeze()


if __name__ == "__main__":
    route()
