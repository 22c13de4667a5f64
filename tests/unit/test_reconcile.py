"""A world in which all stages agree is ok, and each single damage to it is a mismatch that names what was damaged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticklake.lake import Partition, object_key
from ticklake.reconcile import LakeObject, LedgerEntry, Tables, Verdict, reconcile

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
PATIENCE = timedelta(minutes=2)
FRESH, OLD = NOW - timedelta(minutes=1), NOW - timedelta(minutes=3)


@dataclass
class World:
    """What each stage says; keys are those of the lake's objects in chain order."""

    committed: dict[Partition, int]
    lake: dict[str, LakeObject]
    ledger: dict[str, LedgerEntry]
    strays: dict[str, int]
    differences: list[str]

    def verdict(self) -> Verdict:
        merged = [each for each in self.ledger.values() if each.state == "MERGED"]
        tables = Tables(
            ledger=self.ledger,
            strays=self.strays,
            raw=sum(each.rows for each in self.ledger.values()),
            curated=sum(each.records - each.rejects for each in merged),
            duplicates=0,
            quarantined=sum(each.rejects for each in merged),
            rejected=sum(each.rejected_rows for each in self.ledger.values()),
            differences=self.differences,
        )
        return reconcile(self.committed, tables, self.lake.values(), NOW, PATIENCE)

    def change(self, key: str, **values: Any) -> None:
        self.ledger[key] = replace(self.ledger[key], **values)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Partitions whose first objects are merged; the next may be copied or only landed, both lately."""
    world = World({}, {}, {}, {}, [])
    for number in range(draw(st.integers(1, 3))):
        partition = Partition(1, number)
        start = end = draw(st.integers(0, 50))
        states = ["MERGED"] * draw(st.integers(2, 4)) + ["COPIED"] * draw(st.integers(0, 2)) + ["LANDED"] * draw(st.integers(0, 2))
        for state in states:
            gap, records = draw(st.integers(0, 2)), draw(st.integers(2, 9))
            first, rejects = end + gap, draw(st.integers(0, records))
            key = object_key("market.ticks", partition, first, 0)
            world.lake[key] = LakeObject(key, f"e{first}", FRESH if state == "LANDED" else OLD, first, first + records, end, "expired" if gap else None)
            if state != "LANDED":
                world.ledger[key] = entry(world.lake[key], rejects, state)
            end = first + records
        world.committed[partition] = draw(st.integers(start, end))
    return world


def entry(landed: LakeObject, rejects: int, state: str) -> LedgerEntry:
    records = landed.end - landed.first_offset
    return LedgerEntry(
        key=landed.key,
        etag=landed.etag,
        first_offset=landed.first_offset,
        end=landed.end,
        chain_from=landed.chain_from,
        gap_reason=landed.gap_reason,
        records=records,
        rejects=rejects,
        state=state,
        copied_at=FRESH if state == "COPIED" else OLD,
        rows=records,
        offsets=records,
        lowest=landed.first_offset,
        highest=landed.end - 1,
        rejected_rows=rejects,
    )


@given(worlds())
def test_a_consistent_world_is_ok_and_counted(world: World) -> None:
    verdict = world.verdict()
    assert (verdict.ok, verdict.mismatches) == (True, [])
    records = {key: each.end - each.first_offset for key, each in world.lake.items()}
    assert verdict.lake == sum(records.values())
    assert verdict.ledger == verdict.raw == sum(records[key] for key in world.ledger)
    assert verdict.pending == sum(count for key, count in records.items() if key not in world.ledger or world.ledger[key].state == "COPIED")
    assert verdict.curated + verdict.quarantined + verdict.pending == verdict.lake
    starts = {partition: min(each.chain_from for each in world.lake.values() if each.partition == partition) for partition in world.committed}
    assert verdict.kafka == sum(offset - starts[partition] for partition, offset in world.committed.items())


def raw_row_removed(world: World, key: str) -> None:
    each = world.ledger[key]
    world.change(key, rows=each.rows - 1, offsets=each.offsets - 1)


def raw_row_doubled(world: World, key: str) -> None:
    world.change(key, rows=world.ledger[key].rows + 1)


def raw_row_replaced(world: World, key: str) -> None:
    world.change(key, offsets=world.ledger[key].offsets - 1)


def raw_row_moved(world: World, key: str) -> None:
    world.change(key, highest=world.ledger[key].end)


def all_raw_rows_removed(world: World, key: str) -> None:
    world.change(key, rows=0, offsets=0, lowest=None, highest=None, rejected_rows=0)


def rejected_row_lost(world: World, key: str) -> None:
    world.change(key, rejected_rows=world.ledger[key].rejects + 1)


def object_removed(world: World, key: str) -> None:
    del world.lake[key]


def object_replaced(world: World, key: str) -> None:
    world.lake[key] = replace(world.lake[key], etag="other")


def object_moved(world: World, key: str) -> None:
    world.lake[key] = replace(world.lake[key], chain_from=world.lake[key].chain_from + 1)


def ledger_entry_removed(world: World, key: str) -> None:
    world.strays[key] = world.ledger.pop(key).rows
    world.lake[key] = replace(world.lake[key], landed_at=OLD)


def ledger_entry_altered(world: World, key: str) -> None:
    world.change(key, records=world.ledger[key].records + 1)


def copied_for_too_long(world: World, key: str) -> None:
    world.change(key, state="COPIED", copied_at=OLD)


def unloaded_for_too_long(world: World, key: str) -> None:
    world.ledger.pop(key)
    world.lake[key] = replace(world.lake[key], landed_at=OLD)


def unlike_in_curated(world: World, key: str) -> None:
    world.differences.append(f"tick t-1 of {key}, offset 1, is not in CURATED.TICKS")


@pytest.mark.parametrize(
    "damage",
    [
        raw_row_removed,
        raw_row_doubled,
        raw_row_replaced,
        raw_row_moved,
        all_raw_rows_removed,
        rejected_row_lost,
        object_removed,
        object_replaced,
        object_moved,
        ledger_entry_removed,
        ledger_entry_altered,
        copied_for_too_long,
        unloaded_for_too_long,
        unlike_in_curated,
    ],
)
@settings(max_examples=30)
@given(world=worlds(), data=st.data())
def test_each_damage_is_named(damage: Any, world: World, data: st.DataObject) -> None:
    ends = {(each.partition, each.end) for each in world.lake.values()}
    later = [key for key, each in world.ledger.items() if each.state == "MERGED" and (world.lake[key].partition, each.chain_from) in ends]
    key = data.draw(st.sampled_from(later))
    damage(world, key)
    verdict = world.verdict()
    assert not verdict.ok
    assert any(key in mismatch for mismatch in verdict.mismatches), verdict.mismatches


@given(worlds(), st.integers(1, 5))
def test_an_offset_committed_beyond_the_lake_is_named(world: World, beyond: int) -> None:
    partition = min(world.committed)
    end = max(each.end for each in world.lake.values() if each.partition == partition)
    world.committed[partition] = end + beyond
    assert world.verdict().mismatches == [f"g1/p0: offset {end + beyond} is committed, but the lake ends at {end}"]


@given(worlds())
def test_a_lake_that_lost_all_is_named(world: World) -> None:
    world.committed = dict.fromkeys(world.committed, 1)
    world.lake = {}
    mismatches = world.verdict().mismatches
    assert {f"{partition}: offset 1 is committed, but the lake ends at 0" for partition in world.committed} <= set(mismatches)
    assert {f"{key}: in the ledger, but not in the lake" for key in world.ledger} <= set(mismatches)


@given(worlds())
def test_nothing_committed_and_an_earlier_life_of_the_topic_are_no_mismatch(world: World) -> None:
    world.committed = {Partition(2, 0): 0}
    verdict = world.verdict()
    assert (verdict.ok, verdict.kafka) == (True, verdict.lake + sum(each.first_offset - each.chain_from for each in world.lake.values()))


@pytest.mark.parametrize(("state", "ok"), [("SET_ASIDE", True), ("EXPIRED", True), ("MERGED", False)])
@given(world=worlds())
def test_what_was_set_aside_or_has_expired_need_not_be_in_raw(state: str, ok: bool, world: World) -> None:
    key = next(iter(world.ledger))
    world.change(key, state=state, rows=0, offsets=0, lowest=None, highest=None, rejected_rows=0, rejects=0)
    assert world.verdict().ok == ok


@given(worlds())
def test_all_records_of_an_object_that_was_set_aside_count_as_rejected(world: World) -> None:
    before, key = world.verdict().rejected, next(iter(world.ledger))
    accepted = world.ledger[key].records - world.ledger[key].rejects
    world.change(key, state="SET_ASIDE")
    assert world.verdict().rejected == before + accepted
    world.change(key, rows=0, offsets=0, lowest=None, highest=None, rejected_rows=0)
    assert world.verdict().rejected == before + accepted


@given(worlds())
def test_only_what_has_expired_or_was_given_up_may_be_gone_from_the_lake(world: World) -> None:
    key = min(world.lake)  # the first of its partition's chain
    world.committed = {partition: offset for partition, offset in world.committed.items() if partition.id}
    del world.lake[key]
    assert f"{key}: in the ledger, but not in the lake" in world.verdict().mismatches
    for state in ("SET_ASIDE", "EXPIRED"):
        world.change(key, state=state)
        assert world.verdict().mismatches == []


@given(worlds())
def test_what_was_given_up_and_is_gone_keeps_its_place_in_the_chain(world: World) -> None:
    key = max(world.ledger)
    counted = world.verdict().lake
    world.change(key, state="SET_ASIDE")
    del world.lake[key]
    verdict = world.verdict()
    assert (verdict.mismatches, verdict.lake) == ([], counted)
