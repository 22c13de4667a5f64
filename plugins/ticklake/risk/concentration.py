"""How much of a portfolio stands on few legs. Shares are of the gross exposure: a short is a leg, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ticklake.risk.holdings import Exposure, Exposures


class Concentration(NamedTuple):
    """Shares (0 to 1) of each position, sector and currency, largest first; `herfindahl` is the sum of the squared shares of positions,
    1 / herfindahl the number of equal positions that would be as concentrated."""

    positions: Mapping[str, float]
    sectors: Mapping[str, float]
    currencies: Mapping[str, float]
    herfindahl: float
    top_five: float


def concentration(exposures: Exposures) -> Concentration | None:
    """The shares of what is held; None when nothing is."""
    if not exposures.gross:
        return None
    positions = _shares(exposures, lambda each: each.key[0])
    return Concentration(
        positions,
        _shares(exposures, lambda each: each.sector),
        _shares(exposures, lambda each: each.currency),
        sum(share**2 for share in positions.values()),
        sum(list(positions.values())[:5]),
    )


def _shares(exposures: Exposures, group: Callable[[Exposure], str]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for each in exposures.known:
        sums[group(each)] += abs(each.value) / exposures.gross
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
