"""A dead letter goes back once, when it is a valid tick now, and everybody can see that it did."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fakes.producer import MemoryPublisher
from tests.fixtures import services
from ticklake import tick
from ticklake.errors import BrokerUnavailable, ConfigError
from ticklake.settings import Settings
from ticklake_cli import dead_letters
from ticklake_io.kafka_producer import Headers
from ticklake_io.records import Records

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = services.settings()
BAD = b'{"v": 1, "price": "-1"}'


def good(name: str = "t", symbol: str = "A") -> bytes:
    """A valid value; its tick_id says which."""
    return tick.encode(
        tick.Tick(tick_id=name, symbol=symbol, kind="trade", event_time=NOON, received_at=NOON, price="1", source="s", feed="realtime", sequence=0)
    )


class Kept(NamedTuple):
    """A record on the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


class LetterTopic(MemoryPublisher):
    """The dead-letter topic: what is published to it is what a look at it finds. Its oldest records are gone up to `start`."""

    start = 0

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Kept] = []

    def reject(
        self, value: bytes | None, key: bytes | None = b"A", offset: int | None = None, reason: str = "schema: bad", cut_from: int | None = None
    ) -> None:
        """As the consumer writes it; `offset` is the record's own."""
        place = {"topic": "market.ticks", "generation": "1", "partition-id": "0", "offset-id": str(len(self.kept) + 100 if offset is None else offset)}
        cut = {"truncated-from-bytes": str(cut_from)} if cut_from else {}
        self.kept.append(Kept(key, value, {"reject-reason": reason, **place, **cut}))

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        self.kept.append(Kept(key, value, {name: text.decode() for name, text in headers}))
        return super().publish(key, value, headers)

    def ends(self, topic: str) -> dict[int, int]:
        return {0: len(self.kept)}

    def starts(self, topic: str) -> dict[int, int]:
        return {0: self.start}

    def newest(self, topic: str, limit: int) -> Iterator[tuple[int, bytes | None, dict[str, str]]]:
        for offset in range(max(self.start, len(self.kept) - limit), len(self.kept)):
            yield offset, self.kept[offset].value, self.kept[offset].headers

    def read(self, topic: str, offsets: Mapping[int, tuple[int, int]]) -> dict[int, Records]:
        first, end = offsets[0]
        found = [(offset, 0, self.kept[offset].key, self.kept[offset].value) for offset in range(max(first, self.start), min(end, len(self.kept)))]
        return {0: Records(*(list(column) for column in zip(*found, strict=True)))} if found else {0: Records()}


class Desk:
    """An operator before both topics."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.letters, self.ticks = LetterTopic(), MemoryPublisher()
        self._capsys = capsys

    def publisher(self, settings: Settings, topic: str, **_: object) -> MemoryPublisher:
        return self.ticks if topic == settings.ticks_topic else self.letters

    def dlq(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of `ticklake dlq`."""
        parser = argparse.ArgumentParser()
        dead_letters.add_arguments(parser)
        status = dead_letters.run(parser.parse_args(arguments), SETTINGS)
        told = self._capsys.readouterr()
        return status, told.out, told.err


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(capsys)
    monkeypatch.setattr(dead_letters, "open_view", lambda _: desk.letters)
    monkeypatch.setattr(dead_letters, "open_publisher", desk.publisher)
    return desk


def test_a_letter_that_is_valid_now_goes_back_once_and_the_list_shows_it(desk: Desk) -> None:
    desk.letters.reject(good())
    assert desk.dlq("replay", "0")[0] == 0
    assert desk.ticks.records == [(b"A", good())]
    assert desk.letters.kept[1].headers == {"replay-of": "market.ticks g1/p0@100", "dead-letter": "0"}
    assert "(replayed)" in desk.dlq("list")[1]
    assert desk.dlq("replay", "0") == (0, "       0  market.ticks g1/p0@100  was replayed already\n", "")
    assert len(desk.ticks.records) == 1


def test_what_is_still_no_tick_is_refused_with_its_reason(desk: Desk) -> None:
    desk.letters.reject(BAD)
    status, out, err = desk.dlq("replay", "0")
    assert (status, out, desk.ticks.records, len(desk.letters.kept)) == (1, "", [], 1)
    assert "is still no tick: schema" in err
    assert "-1" not in err


def test_a_repaired_value_goes_back_under_its_symbol(desk: Desk, tmp_path: Path) -> None:
    desk.letters.reject(BAD, key=b"WRONG")
    repaired = tmp_path / "repaired.json"
    repaired.write_bytes(good(symbol="IBM"))
    assert desk.dlq("replay", "0", "--file", str(repaired))[0] == 0
    assert desk.ticks.records == [(b"IBM", good(symbol="IBM"))]
    repaired.write_bytes(b"no JSON")
    desk.letters.reject(BAD)
    assert desk.dlq("replay", "2", "--file", str(repaired))[0] == 1


def test_a_range_or_a_reason_chooses_and_the_bad_ones_do_not_hold_up_the_good(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.letters.reject(good(name), reason="feed: unknown")
    desk.letters.reject(BAD, reason="price: not a decimal")
    desk.letters.reject(good("d"), reason="kind: unknown")
    assert desk.dlq("replay", "0-1")[0] == 0
    assert [value for _, value in desk.ticks.records] == [good("a"), good("b")]
    status, out, _ = desk.dlq("replay", "--reason", "feed")
    assert (status, out.count("already"), out.count("  replayed")) == (0, 2, 1)
    assert desk.dlq("replay", "0-9")[0] == 1
    assert [value for _, value in desk.ticks.records] == [good(name) for name in "abcd"]


def test_two_letters_of_one_record_are_one(desk: Desk) -> None:
    desk.letters.reject(good(), offset=7)
    desk.letters.reject(good(), offset=7)
    assert desk.dlq("replay", "0-1")[0] == 0
    assert len(desk.ticks.records) == 1
    assert "already" in desk.dlq("replay", "1")[1]
    assert desk.dlq("list")[1].count("(replayed)") == 2


def test_a_crash_before_the_note_leaves_a_second_copy_with_the_same_tick_id(desk: Desk) -> None:
    desk.letters.reject(good())
    desk.letters.failing = True
    with pytest.raises(BrokerUnavailable):
        desk.dlq("replay", "0")
    desk.letters.failing = False
    assert desk.dlq("replay", "0")[0] == 0
    assert desk.ticks.records == [(b"A", good())] * 2


def test_nothing_is_noted_that_the_ticks_topic_has_not_acknowledged(desk: Desk) -> None:
    desk.letters.reject(good())
    desk.ticks.answering = False
    with pytest.raises(BrokerUnavailable, match="does not acknowledge"):
        desk.dlq("replay", "0")
    assert len(desk.letters.kept) == 1


def test_a_letter_that_was_cut_short_needs_a_file(desk: Desk, tmp_path: Path) -> None:
    desk.letters.reject(good(), cut_from=5_000_000)
    status, _, err = desk.dlq("replay", "0")
    assert (status, desk.ticks.records) == (1, [])
    assert "use --file" in err
    repaired = tmp_path / "repaired.json"
    repaired.write_bytes(good())
    assert desk.dlq("replay", "0", "--file", str(repaired))[0] == 0


def test_letters_in_other_partitions_are_not_passed_over_in_silence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.letters, "ends", lambda topic: {0: 0, 1: 5})
    with pytest.raises(ConfigError, match="has 2 partitions"):
        desk.dlq("list")


def test_a_dry_run_only_tells(desk: Desk) -> None:
    desk.letters.reject(good())
    status, out, _ = desk.dlq("replay", "0", "--dry-run")
    assert (status, desk.ticks.records, len(desk.letters.kept)) == (0, [], 1)
    assert "would be replayed" in out


def test_the_newest_letters_are_found_behind_many_notes(desk: Desk) -> None:
    for i in range(6):
        desk.letters.reject(good(str(i)))
    desk.dlq("replay", "0-5")
    lines = desk.dlq("list", "--limit", "2")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["4", "5"]
    desk.letters.start = 5
    assert len(desk.dlq("list")[1].splitlines()) == 1


def test_an_empty_topic_and_an_offset_that_is_gone_are_told(desk: Desk) -> None:
    assert desk.dlq("list") == (0, "", "")
    assert desk.dlq("replay", "3")[0] == 1
    status, out, err = desk.dlq("show", "3")
    assert (status, out) == (1, "")
    assert "no dead letter at offset 3" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "say which"), (["1-2", "--file", "x"], "one record"), (["--reason", "x", "--file", "x"], "one record"), (["0", "--file", "gone"], "gone")],
)
def test_a_wrong_usage_is_told(desk: Desk, arguments: list[str], says: str) -> None:
    desk.letters.reject(BAD)
    with pytest.raises(ConfigError, match=says):
        desk.dlq("replay", *arguments)
