from __future__ import annotations

from datetime import UTC, timedelta

from dashboard.frame.status import badges, feeds, timeline, verdict
from dashboard.freshness import Hop, Level, Targets
from tests.fakes.market_data import NOW, latest_frame, snapshot

TARGETS = Targets(15, 60)
OK = Hop("event", Level.OK, "15:00:00 UTC", "The newest event.")
STALE = Hop("lake", Level.STALE, "LATE: records waited 40 s", "The <newest> object.")
QUIET = Hop("screen", Level.QUIET, "paused at 15:00:00 UTC", "Ages are of then.")


def test_the_chip_says_the_worst_hop_in_words() -> None:
    newest = NOW - timedelta(seconds=2)
    assert verdict([OK, OK], newest, NOW) == "● fresh, newest tick 2 s old"
    assert verdict([OK, QUIET], newest, NOW) == "❚❚ screen paused at 15:00:00 UTC"
    assert verdict([OK, STALE, OK], newest, NOW) == "▲ lake LATE: records waited 40 s"
    assert verdict([OK, STALE, QUIET], newest, NOW) == "▲ lake LATE: records waited 40 s, screen paused at 15:00:00 UTC"


def test_every_hop_has_its_sentence_and_nothing_of_it_is_html() -> None:
    html = timeline([OK, STALE])
    assert html.count("<li") == 2
    assert "The &lt;newest&gt; object." in html


def shown(**row: object) -> str:
    """The badges of a board of one row, half past nine and one in the evening of UTC."""
    board = snapshot(latest_frame(row)).board
    return badges(feeds(board), None, NOW, UTC, TARGETS)


def test_a_badge_says_what_kind_of_prices_they_are() -> None:
    words = {feed: shown(FEED=feed, SOURCE="x") for feed in ("realtime", "delayed", "eod", "replay", "synthetic", "<new>")}
    for feed, word in {"realtime": "LIVE", "delayed": "DELAYED", "eod": "EOD", "replay": "REPLAY", "synthetic": "SYNTHETIC", "<new>": "&lt;NEW&gt;"}.items():
        assert f">{word} <" in words[feed]


def test_a_replay_shows_its_own_clock() -> None:
    assert "clock 2026-11-23 14:59:57 UTC" in shown(FEED="replay", SOURCE="replay")


def test_only_a_source_that_should_speak_is_called_silent() -> None:
    old = {"RECEIVED_AT": (NOW - timedelta(minutes=5)).replace(tzinfo=None)}
    assert "silent for 5 min" in shown(FEED="realtime", **old)
    assert "silent for 5 min" in shown(FEED="synthetic", **old)
    assert "silent" not in shown(FEED="realtime")
    assert "silent" not in shown(FEED="realtime", CALENDAR="XTKS", **old)  # midnight in Tokyo
    assert "silent" not in shown(FEED="eod", **old)
    assert "silent" not in shown(FEED="replay", **old)


def test_the_chosen_source_comes_first() -> None:
    board = snapshot(latest_frame({"SOURCE": "a"}, {"SOURCE": "b"})).board
    html = badges(feeds(board), ("IBM", "b"), NOW, UTC, TARGETS)
    assert html.index(">b<") < html.index(">a<")
