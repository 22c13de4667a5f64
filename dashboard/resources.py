"""What all sessions of the process share, made once: settings, the connection to the warehouse and its one reader."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack

import streamlit as st
from prometheus_client import CollectorRegistry

from dashboard import access
from dashboard.alerts.desk import Desk
from dashboard.alerts.inbox import Alerts, Inbox, Listener
from dashboard.chart.reader import BarReader
from dashboard.chart.series import Charts
from dashboard.exports.desk import Exports
from dashboard.freshness import Targets
from dashboard.market_data import LiveMarketData, MarketData
from dashboard.meter import METER
from dashboard.metrics import DashboardMetrics
from dashboard.news import News
from dashboard.portfolio.desk import Desk as PortfolioDesk
from dashboard.portfolio.store import PortfolioStore
from dashboard.quality.meanings import meanings
from dashboard.risk.limit_book import LimitBook
from dashboard.screen import Screen
from dashboard.shared import Shared
from dashboard.tables import Tables, WarehouseTables
from dashboard.tail.follow import LIFE_S, Follower, Sources
from ticklake import settings
from ticklake.changes import Subject
from ticklake.clock import Clock, SystemClock
from ticklake.roles import User
from ticklake_io import generations, producing
from ticklake_io.changes import announce
from ticklake_io.kafka_open import open_reader
from ticklake_io.producing import Producing
from ticklake_io.serving import Pages, serving
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


def user() -> User:
    """Who looks; while nobody is signed in who has to be, the run ends here. Raises `ConfigError`."""
    return access.user(read_settings(), clock().now)


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
    """The session in which pages write what users say: APP.* tables only. Whoever has written says so to `_app_written`."""
    return _session("dashboard-app")


@st.cache_resource(show_spinner=False)
def tables() -> Tables:
    """The tables of the warehouse that the settings name."""
    return WarehouseTables(warehouse(), _reader(), news(), clock())


@st.cache_resource(show_spinner=False)
def exports() -> Exports:
    """The desk that everything passes which leaves."""
    kept = (name.strip() for name in read_settings().no_export_sources.split(","))
    return Exports(app_warehouse(), tables(), clock(), _app_written, [name for name in kept if name])


@st.cache_resource(show_spinner=False)
def rule_meanings() -> Mapping[str, str]:
    """What each data quality rule asks, by its name."""
    return meanings(read_settings().quality_rules_file)


@st.cache_resource(show_spinner=False)
def screen() -> Screen:
    """How old ticks were when they were first on the board."""
    return Screen()


@st.cache_resource(show_spinner=False)
def producers() -> Shared[Producing]:
    """What the producer says of its sources, asked on a thread of its own: one that hangs keeps nobody waiting but at the first question."""
    values, asker = read_settings(), ThreadPoolExecutor(1, "producer-reader")
    return Shared(lambda _: producing.ask(values), asker, clock(), first_wait_s=producing.PATIENCE_S, wait_s=0.0)


@st.cache_resource(show_spinner=False)
def market_data() -> MarketData:
    """Market data of the warehouse and the stream that the settings name; nothing is read before the first page asks."""
    values = read_settings()
    store, told = open_store(values), producers()
    sources = Sources(
        values.ticks_topic,
        values.landings_topic,
        values.changes_topic,
        open=lambda topic: open_reader(values, topic),
        generation=lambda topic_id: generations.find(store, values.ticks_topic, topic_id),
        expected=lambda at: producing.expects_ticks(values, values.running, at, told.get(lambda: LIFE_S).value or Producing()),
        overdue_s=values.target_warehouse_s,
    )
    data = LiveMarketData(warehouse(), _reader(), Follower(sources, news(), clock()), news(), screen(), clock())
    _serve_status(values, data)
    return data


@st.cache_resource(show_spinner=False)
def alerts() -> Alerts:
    """Alerts as they are said; one thread listens for all sessions."""
    inbox, values = Inbox(), read_settings()
    Listener(inbox, lambda: open_reader(values, values.alerts_topic), clock()).start()
    return inbox


@st.cache_resource(show_spinner=False)
def alert_desk() -> Desk:
    """Where users' alert rules are written."""

    return Desk(app_warehouse(), clock(), _app_written)


@st.cache_resource(show_spinner=False)
def portfolio_desk() -> PortfolioDesk:
    """Portfolios and what they are worth."""
    return PortfolioDesk(tables(), market_data())


@st.cache_resource(show_spinner=False)
def portfolio_store() -> PortfolioStore:
    """Where portfolios and transactions are written."""
    return PortfolioStore(app_warehouse(), _app_written, clock())


@st.cache_resource(show_spinner=False)
def limit_book() -> LimitBook:
    """Where limits of portfolios are read and set."""
    return LimitBook(tables(), app_warehouse(), clock(), _app_written)


@st.cache_resource(show_spinner=False)
def charts() -> Charts:
    """Bars of any instrument over any range."""
    return Charts(BarReader(market_data(), tables()))


def targets() -> Targets:
    """What the pages call late."""
    values = read_settings()
    always = values.simulator_hours == "always"
    return Targets(values.target_lake_s, values.target_warehouse_s, always, values.target_event_s, values.landing_hint_s)


@st.cache_resource(show_spinner=False)
def freeze() -> None:
    """Take what is loaded by now out of the garbage collector's sight: each of its own full collections stops every session for as long as it takes.

    After every rerun Streamlit would collect by itself, which took more than all drawing; `runner.postScriptGC` keeps it from that.
    """
    gc.collect()
    gc.freeze()


def _app_written() -> None:
    """Users have written something: this process's sessions see it at once, others are told."""
    tables().changed(Subject.APP)
    _announcer().submit(announce, read_settings(), Subject.APP)


@st.cache_resource(show_spinner=False)
def _announcer() -> Executor:
    """The thread that tells others what users have written; nobody waits for a broker on a click."""
    return ThreadPoolExecutor(1, "announcer")


@st.cache_resource(show_spinner=False)
def _reader() -> Executor:
    """The thread that reads the warehouse: a session is for one at a time."""
    return ThreadPoolExecutor(1, "warehouse-reader")


def _session(query_tag: str) -> Warehouse:
    return open_warehouse(connection_arguments(read_settings()) | {"login_timeout": ANSWER_S, "network_timeout": ANSWER_S}, query_tag)


@st.cache_resource(show_spinner=False)
def _open() -> ExitStack:
    """What stays open as long as this process lives."""
    return ExitStack()


def _serve_status(values: settings.Settings, data: LiveMarketData) -> None:
    """Serve what this process says of itself, beside its pages, as long as it lives. Raises `ConfigError` when the port is taken."""
    registry = CollectorRegistry()
    registry.register(DashboardMetrics(screen(), METER))
    pages = Pages(registry, data.health, data.health, lambda: {"screen": screen().report(), "reruns": METER.report()})
    _open().enter_context(serving(values.http_host, values.dashboard_http_port, pages, setting="TICKLAKE_DASHBOARD_HTTP_PORT"))
