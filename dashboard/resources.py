"""What all sessions of the process share, made once: settings, the connection to the warehouse and its one reader."""

from __future__ import annotations

import gc

import streamlit as st

from dashboard.freshness import Targets
from dashboard.market_data import MarketData, WarehouseMarketData
from ticklake import settings
from ticklake.clock import Clock, SystemClock
from ticklake_io.warehouse import connection_arguments, open_warehouse

ANSWER_S = 10
"""Longest that the warehouse may take to sign in or to answer; a screen would rather say that it does not."""


@st.cache_resource(show_spinner=False)
def read_settings() -> settings.Settings:
    """The settings of this process. Raises `ConfigError`."""
    return settings.load()


@st.cache_resource(show_spinner=False)
def clock() -> Clock:
    """The machine's clock."""
    return SystemClock()


@st.cache_resource(show_spinner="Opening the warehouse")
def market_data() -> MarketData:
    """Market data of the warehouse that the settings name; nothing is read before the first page asks."""
    arguments = connection_arguments(read_settings()) | {"login_timeout": ANSWER_S, "network_timeout": ANSWER_S}
    return WarehouseMarketData(open_warehouse(arguments, "dashboard"), clock())


def targets() -> Targets:
    """What the pages call late."""
    values = read_settings()
    return Targets(values.target_lake_s, values.target_warehouse_s, values.simulator_hours == "always")


@st.cache_resource(show_spinner=False)
def freeze() -> None:
    """Take what is loaded by now out of the garbage collector's sight.

    Streamlit collects after every rerun; with the libraries frozen that costs nothing, and one process serves about ten times the reruns.
    """
    gc.collect()
    gc.freeze()
