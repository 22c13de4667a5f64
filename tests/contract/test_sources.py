"""What every source must do. A source enters with a module in tests/contract/source_cases; without one, a test here fails."""

from __future__ import annotations

import logging
import pkgutil
import queue
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import cast

import pytest

from streaming.producer import source as registry
from streaming.producer.source import Observed
from tests.contract import source_cases
from tests.contract.source_cases import Play, Recording, SourceCase
from tests.fixtures.logs import logged
from ticklake.columns import decode
from ticklake.errors import Retry, TicklakeError
from ticklake.tick import Tick, encode

CASES = sorted(module.name for module in pkgutil.iter_modules(source_cases.__path__))
LIMIT_S = 20.0
QUIET_S = 0.3
"""A source that gives nothing for so long, after all that was expected, gives nothing more."""
STOP_S = 1.0

Item = Tick | TicklakeError


@dataclass(frozen=True)
class Told:
    """All that came of each recording, in two runs that share nothing, and all that was logged meanwhile."""

    case: SourceCase
    first: dict[str, list[Item]]
    second: dict[str, list[Item]]
    logs: list[str]

    @property
    def ticks(self) -> dict[str, list[Tick]]:
        return {name: [item for item in items if isinstance(item, Tick)] for name, items in self.first.items()}


@pytest.fixture(scope="module", params=CASES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    case = cast("SourceCase", import_module(f"{source_cases.__name__}.{request.param}").case(tmp_path_factory.mktemp(request.param)))
    recordings = [*case.recordings, *([case.broken] if case.broken else [])]
    assert len({each.name for each in recordings}) == len(recordings)
    with logged() as events, library_logs() as lines:
        first, second = ({each.name: run(case, each) for each in recordings} for _ in range(2))
    return Told(case, first, second, [*map(str, events), *lines])


class Kept(logging.Handler):
    """Keeps what libraries log, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def library_logs() -> Iterator[list[str]]:
    """What libraries log meanwhile, at every level."""
    root, handler = logging.getLogger(), Kept()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@contextmanager
def running(play: Play) -> Iterator[queue.Queue[Item | None]]:
    """What the source gives and raises, as the producer sees it, in a thread of its own; None at its end. Stopped at once afterwards."""
    items: queue.Queue[Item | None] = queue.Queue()

    def pump() -> None:
        while not play.stop.is_set():
            try:
                for item in play.source.ticks(play.wait):
                    items.put(item)
                break
            except TicklakeError as error:
                items.put(error)
                if not isinstance(error, Retry):
                    break
        items.put(None)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    try:
        yield items
    finally:
        play.stop.set()
        begin = time.monotonic()
        thread.join(LIMIT_S)
        assert time.monotonic() - begin < STOP_S, "a stop takes longer than a second"


def run(case: SourceCase, recording: Recording) -> list[Item]:
    """All that comes of a recording."""
    with case.play(recording) as play, running(play) as items:
        came: list[Item] = []
        while True:
            try:
                item = items.get(timeout=QUIET_S if len(came) >= len(recording.expected) else LIMIT_S)
            except queue.Empty:
                return came
            if item is None:
                return came
            came.append(item)


def test_every_source_has_a_case() -> None:
    assert registry.names() == CASES


def test_payloads_become_ticks_or_classified_errors(told: Told) -> None:
    for recording in told.case.recordings:
        check(recording, told.first[recording.name])


def test_after_a_break_nothing_is_lost_and_nothing_comes_twice(told: Told) -> None:
    if told.case.broken is not None:
        check(told.case.broken, told.first[told.case.broken.name])


def check(recording: Recording, came: list[Item]) -> None:
    for item, expected in zip(came, recording.expected, strict=False):
        if isinstance(expected, type):
            assert isinstance(item, expected), f"{recording.name}: {item!r}"
        else:
            assert isinstance(item, Tick), f"{recording.name}: {item!r}"
            assert {name: getattr(item, name) for name in expected} == expected, recording.name
    assert len(came) == len(recording.expected), f"{recording.name}: {came}"


def test_the_consumer_finds_nothing_wrong_with_a_tick(told: Told) -> None:
    for name, ticks in told.ticks.items():
        reasons = decode([tick.symbol.encode() for tick in ticks], [encode(tick) for tick in ticks]).reasons.to_pylist()
        assert reasons == [None] * len(ticks), name


def test_an_event_has_the_same_id_each_time_and_no_two_share_one(told: Told) -> None:
    for name, ticks in told.ticks.items():
        ids = [tick.tick_id for tick in ticks]
        assert ids == [item.tick_id for item in told.second[name] if isinstance(item, Tick)], name
        assert len(set(ids)) == len(ids), name


def test_time_and_sequence_put_the_ticks_of_a_symbol_in_order(told: Told) -> None:
    for name, ticks in told.ticks.items():
        by_symbol: dict[str, list[tuple[datetime, int]]] = {}
        for tick in ticks:
            by_symbol.setdefault(tick.symbol, []).append((tick.event_time, tick.sequence))
        for places in by_symbol.values():
            assert len(set(places)) == len(places), f"{name}: the sequence leaves a tie"
            assert not told.case.ordered or places == sorted(places), name


def test_a_stop_takes_less_than_a_second(told: Told) -> None:
    recording = told.case.recordings[0]
    with told.case.play(recording) as play, running(play):
        pass
    with told.case.play(recording) as play, running(play) as items:
        items.get(timeout=LIMIT_S)


def test_what_a_source_says_of_itself_holds_its_name_and_no_key(told: Told) -> None:
    with told.case.play(told.case.recordings[0]) as play, running(play) as items:
        items.get(timeout=LIMIT_S)
        health = play.source.health() if isinstance(play.source, Observed) else None
        said = [repr(play.source), str(vars(play.source)), str(health)]
    assert {tick.source for ticks in told.ticks.values() for tick in ticks} == {play.source.name}
    assert not told.case.secret or [text for text in said if told.case.secret in text] == []


def test_the_key_is_nowhere_to_be_seen(told: Told) -> None:
    if told.case.secret is None:
        return
    came = [item for each in (told.first, told.second) for items in each.values() for item in items]
    seen = [*told.logs, *map(repr, came), *(line for item in came if isinstance(item, TicklakeError) for line in traceback.format_exception(item))]
    assert [text for text in seen if told.case.secret in text] == []
