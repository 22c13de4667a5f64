"""The bar's second line: the market, what feeds the board, and the worst of how old it is. Words and HTML, every value escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import NamedTuple

import pandas as pd

from dashboard.figures import duration, span
from dashboard.frame.market import is_open
from dashboard.freshness import Hop, Level, Targets
from dashboard.look import Key
from dashboard.once import once

WORDS = {"realtime": "LIVE", "delayed": "DELAYED", "eod": "EOD", "replay": "REPLAY", "synthetic": "SYNTHETIC"}
"""What the badge of a feed says."""

MEANINGS = {
    "realtime": "Prices as they are made.",
    "delayed": "Prices that the provider holds back, usually for 15 minutes.",
    "eod": "Prices of the last close.",
    "replay": "Recorded prices, played again; the clock is theirs.",
    "synthetic": "Made-up prices. Not a market.",
}

NO_DATA = "NO DATA"
"""What the badge of a source says that has never delivered."""

NO_TROUBLE: Mapping[str, str] = {}

_WORST_FIRST = ("stale", "waiting", "unknown", "quiet", "ok")
"""Levels of hops; what waits for another hop is not to blame."""


class Feed(NamedTuple):
    """A source on the board by one kind of feed: its newest event, when its newest tick was received, and the calendars of its instruments."""

    source: str
    feed: str
    event_time: datetime
    received_at: datetime
    calendars: frozenset[str | None]


@once()
def feeds(board: pd.DataFrame) -> list[Feed]:
    """What feeds a board, by source."""
    return [
        Feed(str(source), str(feed), rows["EVENT_TIME"].max(), rows["RECEIVED_AT"].max(), frozenset(rows["CALENDAR"].where(rows["CALENDAR"].notna(), None)))
        for (source, feed), rows in board.groupby(["SOURCE", "FEED"])
    ]


def verdict(hops: Sequence[Hop], newest: datetime | None, at: datetime) -> str:
    """The worst hop in words, and that the screen is paused; when all is well, how old the newest tick is."""
    worst, screen = min(hops, key=lambda hop: _WORST_FIRST.index(hop.level)), hops[-1]
    if worst.level is not Level.OK or newest is None:
        paused = f", {screen.name} {screen.text}" if screen.level is Level.QUIET and worst is not screen else ""
        return f"{worst.level.icon} {worst.name} {worst.text}{paused}"
    return f"{worst.level.icon} fresh, newest tick {duration(span(at, newest))} old"


def timeline(hops: Sequence[Hop]) -> str:
    """Every hop, from the event to the screen, with a sentence about it."""
    return f'<ol class="tl-hops">{"".join(map(_hop, hops))}</ol>'


def badges(shown: Sequence[Feed], key: Key | None, at: datetime, zone: tzinfo, targets: Targets, troubled: Mapping[str, str] = NO_TROUBLE) -> str:
    """A badge for each feed, that of the chosen instrument first; with its own clock when it is a replay, and its silence when it should speak.

    `troubled` says by source why it has no newer ticks; one that is not on the board at all has a badge for that.
    """
    ordered = sorted(shown, key=lambda each: (key is None or each.source != key[1], each.source))
    missing = sorted(troubled.keys() - {each.source for each in shown})
    nothing = [_badge(NO_DATA, "No tick of this source is on the board.", f"{source}, {troubled[source]}") for source in missing]
    return "".join([*(_of_feed(each, at, zone, targets, troubled.get(each.source)) for each in ordered), *nothing])


def _of_feed(each: Feed, at: datetime, zone: tzinfo, targets: Targets, trouble: str | None) -> str:
    silent = span(at, each.received_at)
    extra = f" clock {each.event_time.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" if each.feed == "replay" else ""
    if silent > targets.warehouse_s and _should_speak(each, at, targets):
        extra += f" silent for {duration(silent)}"
    if trouble:
        extra += f", {trouble}"
    return _badge(WORDS.get(each.feed, each.feed.upper()), MEANINGS.get(each.feed, ""), f"{each.source}{extra}")


def _badge(word: str, meaning: str, source: str) -> str:
    return f'<span class="tl-badge" title="{escape(meaning)}">{escape(word)} <span class="tl-source">{escape(source)}</span></span>'


def _should_speak(each: Feed, at: datetime, targets: Targets) -> bool:
    if each.feed == "synthetic" and targets.simulator_always:
        return True
    return each.feed in {"realtime", "delayed"} and any(is_open(name, at) for name in each.calendars)


def _hop(hop: Hop) -> str:
    return (
        f'<li class="tl-hop tl-{hop.level}"><span aria-hidden="true">{hop.level.icon}</span> {escape(hop.name)} '
        f'<b>{escape(hop.text)}</b><div class="tl-muted tl-small">{escape(hop.detail)}</div></li>'
    )
