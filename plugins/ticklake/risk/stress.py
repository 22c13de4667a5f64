"""What a bad day would cost: the move of each holding under a scenario, and the sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ticklake.risk.holdings import Exposure, Exposures, Key


class Hit(NamedTuple):
    """What a scenario does to one holding: its move (-0.2 is down by 20 %) and profit or loss in the portfolio's currency; None where
    the scenario says nothing of it."""

    exposure: Exposure
    move: float | None
    profit: float | None


class Outcome(NamedTuple):
    """A scenario's hits, worst first, those that are not known last; `profit` sums up those known, None when none is."""

    hits: tuple[Hit, ...]
    profit: float | None
    unknown: tuple[Key, ...]


def by_betas(exposures: Exposures, betas: Mapping[Key, float], market: float) -> Outcome:
    """The market moves by `market`, and each holding by its beta times that."""
    return outcome(exposures, {key: beta * market for key, beta in betas.items()})


def by_groups(exposures: Exposures, everything: float, sectors: Mapping[str, float]) -> Outcome:
    """Everything moves by `everything`, those of a sector in `sectors` by what stands there instead."""
    return outcome(exposures, {each.key: sectors.get(each.sector, everything) for each in exposures.known})


def outcome(exposures: Exposures, moves: Mapping[Key, float]) -> Outcome:
    """Each holding moves as `moves` says; nothing falls by more than it is worth. A historical day's returns are such moves."""
    hits = [_hit(each, moves.get(each.key)) for each in exposures.known]
    known = [hit.profit for hit in hits if hit.profit is not None]
    return Outcome(
        tuple(sorted(hits, key=lambda hit: (hit.profit is None, hit.profit or 0.0, hit.exposure.key))),
        sum(known) if known else None,
        tuple(hit.exposure.key for hit in hits if hit.profit is None) + exposures.unpriced,
    )


def _hit(exposure: Exposure, move: float | None) -> Hit:
    if move is None:
        return Hit(exposure, None, None)
    bounded = max(move, -1.0)
    return Hit(exposure, bounded, exposure.value * bounded)
