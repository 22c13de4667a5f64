"""What all sessions of the process share, made once: settings, the connection to the warehouse and its one reader."""

from __future__ import annotations

import gc
from concurrent.futures import Executor, ThreadPoolExecutor

import streamlit as st

from dashboard.freshness import Targets
from dashboard.market_data import LiveMarketData, MarketData
from dashboard.news import News
from dashboard.screen import Screen
from dashboard.tables import Tables, WarehouseTables
from dashboard.tail.follow import Follower, Sources
from ticklake import settings
from ticklake.clock import Clock, SystemClock
from ticklake_io import generations, producing
from ticklake_io.kafka_open import open_reader
from ticklake_io.store import open_store
from ticklake_io.warehouse import Warehouse, connection_arguments, open_warehouse

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


@st.cache_resource(show_spinner=False)
def news() -> News:
    """What is known to have changed in the warehouse."""
    return News(read_settings().dashboard_warehouse_s)


@st.cache_resource(show_spinner=False)
def warehouse() -> Warehouse:
    """The one session in which everything is read that people look at."""
    return _session("dashboard")


@st.cache_resource(show_spinner=False)
def app_warehouse() -> Warehouse:
    """The session in which pages write what users say: APP.* tables only. Whoever has written says so to `tables().changed`."""
    return _session("dashboard-app")


@st.cache_resource(show_spinner=False)
def tables() -> Tables:
    """The tables of the warehouse that the settings name."""
    return WarehouseTables(warehouse(), _reader(), news(), clock())


@st.cache_resource(show_spinner=False)
def screen() -> Screen:
    """How old ticks were when they were first on the board."""
    return Screen()


@st.cache_resource(show_spinner="Opening the warehouse")
def market_data() -> MarketData:
    """Market data of the warehouse and the stream that the settings name; nothing is read before the first page asks."""
    values = read_settings()
    store = open_store(values)
    running = [name.strip() for name in values.sources.split(",")]
    sources = Sources(
        values.ticks_topic,
        values.landings_topic,
        values.changes_topic,
        open=lambda topic: open_reader(values, topic),
        generation=lambda topic_id: generations.find(store, values.ticks_topic, topic_id),
        expected=lambda at: producing.expects_ticks(values, running, at, producing.ask(values)),
        overdue_s=values.target_warehouse_s,
    )
    return LiveMarketData(warehouse(), _reader(), Follower(sources, news(), clock()), news(), screen(), clock())


def targets() -> Targets:
    """What the pages call late."""
    values = read_settings()
    always = values.simulator_hours == "always"
    return Targets(values.target_lake_s, values.target_warehouse_s, always, values.target_event_s, values.landing_hint_s)


@st.cache_resource(show_spinner=False)
def freeze() -> None:
    """Take what is loaded by now out of the garbage collector's sight.

    Streamlit collects after every rerun; with the libraries frozen that costs nothing, and one process serves about ten times the reruns.
    """
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def _reader() -> Executor:
    """The thread that reads the warehouse: a session is for one at a time."""
    return ThreadPoolExecutor(1, "warehouse-reader")


def _session(query_tag: str) -> Warehouse:
    return open_warehouse(connection_arguments(read_settings()) | {"login_timeout": ANSWER_S, "network_timeout": ANSWER_S}, query_tag)
