"""The router: which pages there are. `streamlit run dashboard/app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import resources
from dashboard.views import live
from ticklake.errors import ConfigError

ICON = Path(__file__).parent / "icon.svg"


def live_page() -> None:
    """Live, over the warehouse; without settings there is only what is missing to show."""
    try:
        data, targets = resources.market_data(), resources.targets()
    except ConfigError as error:
        st.error(f"The dashboard cannot start: {error}")
    else:
        live.render(data, resources.clock().now, targets)


st.set_page_config(page_title="Ticklake", page_icon=ICON, layout="wide")
st.navigation([st.Page(live_page, title="Live", url_path="live", default=True)], position="hidden").run()
resources.freeze()
