"""The frame's controls. What they say is in the address of the page, so that a view can be sent, and stays from page to page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from difflib import get_close_matches
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from dashboard.components.palette import DARK, LIGHT, Palette
from dashboard.look import Key, Zone

REFRESH = {"Pause": None, "1 s": 1.0, "2 s": 2.0, "5 s": 5.0, "30 s": 30.0}
"""Refresh intervals in seconds, by their name on screen and in the address."""

DEFAULT_REFRESH = "2 s"

INSTRUMENT, WANTED = "instrument", "wanted_instrument"
"""State of the symbol picker, and what a click elsewhere wants it to become."""


def choose(key: Key) -> NoReturn:
    """Make `key` the instrument of all pages, and draw the page again."""
    st.session_state[WANTED] = key
    st.rerun()


def refill(key: Key | None) -> NoReturn:
    """Draw the page again, for the picker lacks an instrument or a name; a choice is made anew, or the browser keeps its old label."""
    if key:
        choose(key)
    st.rerun()


def pick_instrument(names: Mapping[Key, str]) -> Key | None:
    """The symbol picker over instruments by their name; what it shows is in the address, and what the address says is shown."""
    keys = list(names)
    if WANTED in st.session_state:
        st.session_state[INSTRUMENT] = st.session_state.pop(WANTED)
    if st.session_state.get(INSTRUMENT) not in names:
        st.session_state[INSTRUMENT] = _addressed(keys)
    key: Key | None = st.selectbox(
        "Symbol",
        keys,
        key=INSTRUMENT,
        format_func=lambda each: " · ".join(filter(None, (*each, names[each]))),
        placeholder="Symbol or name",
        label_visibility="collapsed",
        width=300,
    )
    if key is not None and key != _address():
        st.query_params.update(symbol=key[0], source=key[1])
    return key


def pick_zone() -> Zone:
    """Whose clock times are written in."""
    zone: Zone | None = st.segmented_control(
        "Time zone",
        list(Zone),
        default=Zone.EXCHANGE,
        required=True,
        key="zone",
        bind="query-params",
        label_visibility="collapsed",
        format_func=lambda each: "UTC" if each is Zone.UTC else each.capitalize(),
    )
    return zone or Zone.EXCHANGE


def pick_refresh() -> float | None:
    """The refresh interval in seconds, None when paused."""
    chosen = st.segmented_control(
        "Refresh",
        list(REFRESH),
        default=DEFAULT_REFRESH,
        required=True,
        key="refresh",
        bind="query-params",
        label_visibility="collapsed",
    )
    return REFRESH[chosen or DEFAULT_REFRESH]


def pick_motion() -> bool:
    """Whether anything may flash or glide."""
    return st.toggle("Motion", value=True, key="motion", bind="query-params", help="Off: prices change without a flash")


def local_zone() -> tzinfo:
    """The zone of the reader's machine; UTC when the browser does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def palette() -> Palette:
    """Colours of the theme that is on screen."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def unknown_symbol(keys: list[Key]) -> str | None:
    """What to say of an address that names an instrument that is not among `keys`; None when it names none."""
    symbol, source = _address()
    if symbol is None:
        return None
    wanted = f"{symbol} from {source}" if source else symbol
    near = get_close_matches(symbol.upper(), sorted({key[0] for key in keys}), n=3, cutoff=0.4)
    hint = f"Did you mean {', '.join(near)}? Choose it above." if near else "Choose a symbol above."
    return f"{wanted} is not on the board: no tick of it has arrived. {hint}"


def _address() -> tuple[str | None, str | None]:
    return st.query_params.get("symbol"), st.query_params.get("source")


def _addressed(keys: list[Key]) -> Key | None:
    symbol, source = _address()
    if symbol is None:
        return keys[0] if keys else None
    return next((key for key in keys if key[0].upper() == symbol.upper() and source in {key[1], None}), None)
