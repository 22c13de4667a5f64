"""Decides what is copied: a partition's objects in the order of its chain, as far as the chain goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ticklake.chain import Link, why_broken
from ticklake.lake import Partition

AnyLink = TypeVar("AnyLink", bound=Link)


def continuing(end: int | None, links: Iterable[AnyLink]) -> tuple[list[AnyLink], str | None]:
    """The links that continue a chain ending at `end`, and why the next one does not.

    Links that begin before `end` are known already and left out. Without `end` the chain begins where the first link says.
    """
    chosen: list[AnyLink] = []
    for link in links:
        if end is not None and link.first_offset < end:
            continue
        why = why_broken(link.chain_from if end is None else end, link)
        if why:
            return chosen, why
        chosen.append(link)
        end = link.end
    return chosen, None


def plan(found: Mapping[Partition, Sequence[AnyLink]], ends: Mapping[Partition, int]) -> tuple[list[AnyLink], dict[Partition, str]]:
    """What to take of `found`, partition by partition in chain order, and which partitions stop and why.

    `ends` is where each partition's ledger, or its watermark, ends now.
    """
    chosen: list[AnyLink] = []
    stopped: dict[Partition, str] = {}
    for partition, links in sorted(found.items()):
        some, why = continuing(ends.get(partition), links)
        chosen += some
        if why:
            stopped[partition] = why
    return chosen, stopped
