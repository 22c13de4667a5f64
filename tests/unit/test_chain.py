"""A chain that breaks nowhere holds every record once; whatever is lost, doubled or foreign is a break that names the object."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake import chain


@dataclass(frozen=True)
class Object:
    key: str
    first_offset: int
    end: int
    chain_from: int
    gap_reason: str | None = None


@st.composite
def chains(draw: st.DrawFn, least: int = 1) -> list[Object]:
    """Objects that continue each other, some behind a gap with its reason."""
    end, objects = draw(st.integers(0, 100)), []
    for gap, records in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=least, max_size=12)):
        first = end + gap
        objects.append(Object(f"k{first}", first, first + records, end, "expired" if gap else None))
        end = first + records
    return objects


@given(chains(), st.randoms())
def test_a_whole_chain_counts_its_records_in_any_order(objects: list[Object], random: object) -> None:
    shuffled = list(objects)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = chain.follow(shuffled)
    assert (found.start, found.end, found.breaks) == (objects[0].chain_from, objects[-1].end, [])
    assert found.records == sum(each.end - each.first_offset for each in objects)
    assert found.gaps == sum(each.first_offset > each.chain_from for each in objects)


@given(chains(least=3), st.data())
def test_a_lost_object_is_named_by_its_successor(objects: list[Object], data: st.DataObject) -> None:
    lost = data.draw(st.integers(1, len(objects) - 2))
    (broken,) = chain.follow(objects[:lost] + objects[lost + 1 :]).breaks
    assert broken.startswith(f"{objects[lost + 1].key}: continues offset {objects[lost].end}")


@given(chains(), st.data())
def test_a_doubled_object_is_a_break(objects: list[Object], data: st.DataObject) -> None:
    doubled = data.draw(st.sampled_from(objects))
    found = chain.follow([*objects, replace(doubled, key="other")])
    assert found.breaks
    assert found.end == objects[-1].end


@given(chains(least=2), st.data())
def test_a_foreign_object_is_a_break(objects: list[Object], data: st.DataObject) -> None:
    before = data.draw(st.sampled_from(objects[:-1]))
    foreign = Object("foreign", before.first_offset, before.end + 1, before.chain_from, before.gap_reason)
    assert chain.follow([*(each for each in objects if each != before), foreign]).breaks


def test_the_first_object_lost_shows_only_against_a_known_start() -> None:
    objects = [Object("a", 0, 5, 0), Object("b", 5, 9, 5)]
    assert chain.follow(objects[1:]).breaks == []
    assert chain.follow(objects[1:], start=0).breaks == ["b: continues offset 5, but the object before it ends at 0"]


def test_no_object_is_an_empty_chain() -> None:
    assert chain.follow([]) == chain.Chain(0, 0)
    assert chain.follow([], start=7) == chain.Chain(7, 7)


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Object("k", 10, 12, 10), None),
        (Object("k", 13, 15, 10, "expired"), None),
        (Object("k", 13, 15, 10), "k: offsets 10 to 12 are missing without a reason"),
        (Object("k", 13, 15, 10, ""), "k: offsets 10 to 12 are missing without a reason"),
        (Object("k", 11, 15, 11), "k: continues offset 11, but the object before it ends at 10"),
        (Object("k", 9, 15, 9), "k: continues offset 9, but the object before it ends at 10"),
        (Object("k", 9, 15, 10), "k: begins at offset 9, before the end 10 it continues"),
    ],
)
def test_why_an_object_does_not_continue_a_chain(link: Object, why: str | None) -> None:
    assert chain.why_broken(10, link) == why
