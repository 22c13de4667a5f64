"""The export button: a file is made when asked for, on record, and then there to be taken.

Two steps, because Streamlit drops a file that is made at the click (a callable in `data=`) after the second rerun of any session,
which on a live dashboard is sooner than a browser comes for it.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components import headline
from dashboard.exports.desk import Archive, Exports, Extract
from dashboard.shared import Reading
from ticklake.exporting import Format
from ticklake.roles import Action, User

LABELS = {Format.CSV: "Make CSV", Format.PARQUET: "Make Parquet"}

EMPTY = "There is nothing on screen to export yet."


def export(exports: Exports, user: User, extract: Callable[[], Extract | None], key: str = "export") -> None:
    """Draw the button; `extract` gives what is on screen when a file is asked for, None when there is nothing.

    Belongs outside of fragments that refresh by themselves. What has been made is there until the panel is closed.
    """
    st.fragment(_panel)(exports, user, extract, key)


def _panel(exports: Exports, user: User, extract: Callable[[], Extract | None], key: str) -> None:
    with st.popover("Export", icon=":material/download:", key=f"{key}-open", on_change="rerun", help="CSV or Parquet of what is on screen") as popover:
        if not popover.open:
            st.session_state.pop(_made(key), None)
            return
        refusal = user.refusal(Action.EXPORT)
        if refusal:
            st.html(headline.note(refusal))
            return
        with st.container(horizontal=True):
            for each, label in LABELS.items():
                st.button(label, key=f"{key}-{each}", on_click=_make, args=(exports, user, extract, key, each))
        made: Reading[Archive] | None = st.session_state.get(_made(key))
        if made is not None:
            _offer(made, key)
        _recent(exports, key)


def _make(exports: Exports, user: User, extract: Callable[[], Extract | None], key: str, file_format: Format) -> None:
    shown = extract()
    st.session_state[_made(key)] = Reading[Archive](None, EMPTY) if shown is None else exports.make(shown, file_format, user)


def _offer(made: Reading[Archive], key: str) -> None:
    archive = made.value
    if archive is None:
        st.html(headline.note(made.problem or EMPTY))
        return
    st.download_button(
        f"Download {archive.data_name}",
        archive.body,
        archive.name,
        "application/zip",
        key=f"{key}-take",
        on_click="ignore",
        type="primary",
    )
    st.caption(f"{archive.rows:,} rows with a sidecar; SHA-256 of the table:")
    st.code(archive.sha256, language=None, wrap_lines=True)


def _recent(exports: Exports, key: str) -> None:
    recent = exports.recent()
    if recent.value is None:
        st.html(headline.note(recent.problem or "Reading the last exports."))
        return
    st.caption("Last exports, of everybody (UTC)")
    st.dataframe(recent.value, hide_index=True, height=180, key=f"{key}-recent", alt="The last exports: when, by whom, what, how many rows")


def _made(key: str) -> str:
    return f"{key}-made"
