"""Ways out of a panel: to a run in Airflow, and to the runbook of what to do."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.links import Links


def run_column() -> Any:  # noqa: ANN401  what Streamlit's own type is called is not public
    """The column of a table whose texts are addresses of runs."""
    return st.column_config.LinkColumn("Run in Airflow", display_text="open")


def runbook(links: Links, name: str, label: str) -> None:
    """A button to the runbook `name`; without an Airflow to show it, where it stands in the project."""
    address = links.runbook(name)
    if address:
        st.link_button(label, address, icon=":material/menu_book:")
    else:
        st.caption(f"{label}: infra/runbooks/{name}.md")
