"""The chain of a partition's objects, which makes exactly-once provable.

Each object begins where the one before it ended. Offsets that no object holds are only allowed between two objects
whose second one says why. So the chain's records are countable from its ends, and a lost, doubled or foreign object
shows as a break.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


class Link(Protocol):
    """What the chain needs to know of an object."""

    @property
    def key(self) -> str: ...
    @property
    def first_offset(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def chain_from(self) -> int: ...
    @property
    def gap_reason(self) -> str | None: ...


@dataclass
class Chain:
    """A chain as far as it was followed: from `start` to `end` (the offset after the last), `records` on the way."""

    start: int
    end: int
    records: int = 0
    gaps: int = 0
    breaks: list[str] = field(default_factory=list)


def why_broken(end: int, link: Link) -> str | None:
    """Why `link` does not continue a chain that ends at `end`; None when it does."""
    if link.chain_from != end:
        return f"{link.key}: continues offset {link.chain_from}, but the object before it ends at {end}"
    if link.first_offset < link.chain_from:
        return f"{link.key}: begins at offset {link.first_offset}, before the end {link.chain_from} it continues"
    if link.first_offset > link.chain_from and not link.gap_reason:
        return f"{link.key}: offsets {link.chain_from} to {link.first_offset - 1} are missing without a reason"
    return None


def follow(links: Iterable[Link], start: int | None = None) -> Chain:
    """Follow a partition's objects in the order of their first offsets and note every break.

    Without `start` the chain begins at the first object, wherever that one says it continues.
    """
    chain: Chain | None = None if start is None else Chain(start, start)
    for link in sorted(links, key=lambda each: each.first_offset):
        if chain is None:
            chain = Chain(link.chain_from, link.chain_from)
        reason = why_broken(chain.end, link)
        if reason:
            chain.breaks.append(reason)
        chain.gaps += link.first_offset > link.chain_from
        chain.records += link.end - link.first_offset
        chain.end = max(chain.end, link.end)
    return chain or Chain(0, 0)
