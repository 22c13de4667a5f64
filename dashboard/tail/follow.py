"""Follows the stream and what is said of changes, one step at a time, on one thread; goes on where it was after a broker was away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from dashboard.news import News
from dashboard.tail.landings import Landings
from dashboard.tail.tail import Tail
from dashboard.tail.ticks import TICK, Keys, Ticks
from dashboard.trouble import explain
from ticklake import lake
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake_io.changes import heard
from ticklake_io.topic_reader import TopicReader

HISTORY = timedelta(hours=1)
"""Arrival time whose tick_ids are read at the start, so that a repeat of theirs is known."""

RETRY_S = 3.0
"""Between two tries to reach the broker."""

PROBE_S = 2.0
"""Silence after which the broker is asked whether it is there at all."""

LIFE_S = 10.0
"""Between two looks whether the topic is still the same one."""

_NOTHING = np.zeros(0, TICK)

log = structlog.get_logger()


@dataclass(frozen=True)
class Sources:
    """The topics, how one is opened, the generation of a topic's id (None: no consumer has seen it), whether ticks are owed at a time,
    and how long a load may be awaited."""

    ticks: str
    landings: str
    changes: str
    open: Callable[[str], TopicReader]
    generation: Callable[[str], int | None]
    expected: Callable[[datetime], bool]
    overdue_s: float


@dataclass
class Stream:
    """What was last known of the stream: when, why not, whether all of it was read, since when ticks are owed, when the newest was
    received, and since when records wait for lake and warehouse."""

    at: datetime
    problem: str | None = None
    caught_up: bool = False
    expected_since: datetime | None = None
    received_at: datetime | None = None
    lake_since: datetime | None = None
    warehouse_since: datetime | None = None


@dataclass
class _Open:
    """The readers of a life of the topic."""

    ticks: TopicReader
    landings: TopicReader
    changes: TopicReader
    topic_id: str
    opened: ExitStack

    def close(self) -> None:
        self.opened.close()


@dataclass
class _Life:
    """What belongs to one life of the topic: where its partitions were read to and where they end, and what of it has landed."""

    topic_id: str
    generation: int | None
    tail: Tail
    positions: dict[int, int]
    ends: Mapping[int, int]
    landings: Landings


class Follower:
    """Keeps a `Tail` and its `Stream`. Only its own thread may call `step` and `advance`."""

    def __init__(self, sources: Sources, news: News, clock: Clock) -> None:
        self._sources, self._news, self._clock = sources, news, clock
        self._open: _Open | None = None
        self._life: _Life | None = None
        self._marks: Mapping[int, Mapping[int, int]] | None = None
        self._freezes = False
        self._next_try = self._next_probe = self._next_look = float("-inf")
        self.keys = Keys()
        self._empty = Tail(self.keys, {})
        self.stream = Stream(clock.now())

    @property
    def tail(self) -> Tail:
        """Records that the warehouse does not have; empty before the stream was reached."""
        return self._life.tail if self._life else self._empty

    @property
    def is_busy(self) -> bool:
        """Whether there is more to read than one step reads."""
        return self._open is not None and not self.stream.caught_up

    def step(self, seconds: float) -> Ticks:
        """Read what has come, waiting up to `seconds` for the first record; the ticks that count. Raises nothing of ours."""
        counted = _NOTHING
        try:
            if self._open is None:
                self._try()
            if self._open and self._life:
                counted = self._read(self._open, self._life, seconds)
        except TicklakeError as error:
            self._lose(error)
        self._tell()
        return counted

    def advance(self, marks: Mapping[int, Mapping[int, int]], *, freezes: bool) -> None:
        """The warehouse has what is below `marks`, by generation and partition."""
        self._marks, self._freezes = marks, freezes
        life = self._life
        if life is None:
            return
        life.tail.freezes = freezes
        if not life.tail.advance(self._own_marks(life)):
            log.info("tail_read_again", generation=life.generation)
            self.restart()

    def restart(self) -> None:
        """Forget all and begin again with the next step."""
        self._leave()
        self._life, self._next_try = None, float("-inf")

    def close(self) -> None:
        """Let go of the connections."""
        self._leave()

    def _try(self) -> None:
        if self._clock.monotonic() < self._next_try:
            return
        self._next_try = self._clock.monotonic() + RETRY_S
        with ExitStack() as opened:
            ticks, landings, changes = (self._opened(name, opened) for name in (self._sources.ticks, self._sources.landings, self._sources.changes))
            self._open = _Open(ticks, landings, changes, ticks.topic_id(), opened.pop_all())
        self._begin(self._open)

    def _opened(self, topic: str, opened: ExitStack) -> TopicReader:
        """The reader of a topic, which `opened` closes."""
        reader = self._sources.open(topic)
        opened.callback(_close, reader)
        return reader

    def _begin(self, opened: _Open) -> None:
        """Let the partitions flow: from where they were, when this is still the same life of the topic."""
        generation = self._sources.generation(opened.topic_id)
        ends = opened.ticks.end_offsets()
        now = self._clock.now()
        life = self._life
        if life is None or life.topic_id != opened.topic_id or life.generation != generation or life.ends.keys() != ends.keys():
            begun = opened.ticks.offsets_at(now - HISTORY)
            if self._marks is not None:
                marks = self._marks.get(generation or 0, {})
                begun = {partition: min(offset, marks.get(partition, 0)) for partition, offset in begun.items()}
            life = self._life = _Life(opened.topic_id, generation, Tail(self.keys, begun), dict(begun), ends, Landings(generation))
            life.tail.marks, life.tail.freezes = self._own_marks(life), self._freezes
            log.info("tail_begun", generation=generation, partitions=len(ends), behind=sum(ends.values()) - sum(begun.values()))
        life.ends = ends
        for partition, offset in life.positions.items():
            opened.ticks.begin(partition, offset)
        for partition, offset in opened.landings.offsets_at(now - HISTORY).items():
            opened.landings.begin(partition, offset)
        for partition, offset in opened.changes.end_offsets().items():
            opened.changes.begin(partition, offset)
        self._news.listen(True)
        self._expect()
        self._next_look = self._clock.monotonic() + LIFE_S
        self.stream.problem, self.stream.caught_up = None, False

    def _read(self, opened: _Open, life: _Life, seconds: float) -> Ticks:
        records = opened.ticks.poll(seconds)
        for partition, each in records.items():
            life.positions[partition] = each.offsets[-1] + 1
        for changed in opened.changes.poll(0).values():
            for subject in {found for key in changed.keys if (found := heard(key))}:
                self._news.note(subject)
        for hints in opened.landings.poll(0).values():
            life.landings.hear(hints)
        self._probe(opened, life, bool(records))
        self.stream.caught_up = self.stream.caught_up or all(life.positions[partition] >= end for partition, end in life.ends.items())
        if not records:
            return _NOTHING
        counted = life.tail.append(records)
        if life.tail.newest_us is not None:
            self.stream.received_at = lake.from_ms(life.tail.newest_us // 1000)
        return counted

    def _probe(self, opened: _Open, life: _Life, spoke: bool) -> None:
        """Ask a broker that is silent whether it is there, and now and then whether the topic is still the one that we read."""
        now = self._clock.monotonic()
        if spoke:
            self._next_probe = now + PROBE_S
        elif now >= self._next_probe:
            self._next_probe = now + PROBE_S
            life.ends = opened.ticks.end_offsets()
        if now >= self._next_look:
            self._next_look = now + LIFE_S
            self._expect()
            if opened.ticks.topic_id() != opened.topic_id or (life.generation is None and self._sources.generation(opened.topic_id) is not None):
                log.info("topic_begun_anew", topic=self._sources.ticks)
                self._leave()
                self._next_try = float("-inf")

    def _expect(self) -> None:
        now = self._clock.now()
        if not self._sources.expected(now):
            self.stream.expected_since = None
        elif self.stream.expected_since is None:
            self.stream.expected_since = now

    def _lose(self, error: TicklakeError) -> None:
        if self.stream.problem is None:
            log.warning("stream_lost", reason=str(error))
        self.stream.problem = explain(error)
        self._leave()

    def _leave(self) -> None:
        self._news.listen(False)
        if self._open:
            self._open.close()
            self._open = None

    def _tell(self) -> None:
        """Say how the stream is now, and whether a load should have come."""
        stream, now = self.stream, self._clock.now()
        stream.at = now
        if self._life:
            tail, life = self._life.tail, self._life
            stream.lake_since = _time(tail.oldest_ms(life.landings.ends(tail.marks)))
            stream.warehouse_since = _time(life.landings.oldest_ms(tail.marks))
            oldest = _time(tail.oldest_ms({}))
            is_overdue = oldest is not None and (now - oldest).total_seconds() > self._sources.overdue_s
            self._news.expect(frozenset({Subject.TICKS}) if is_overdue else frozenset())

    def _own_marks(self, life: _Life) -> Mapping[int, int]:
        return (self._marks or {}).get(life.generation or 0, {})


def _close(reader: TopicReader) -> None:
    with suppress(TicklakeError):
        reader.close()


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else lake.from_ms(ms)
