"""An order of symbols in which those that move together stand together."""

from __future__ import annotations

import numpy as np

from ticklake.risk.history import Floats


def cluster_order(correlation: Floats) -> list[int]:
    """The leaves, left to right, of the tree that average linkage makes of a correlation matrix (n, n; NaN: not known, taken as 0).

    The distance of two is sqrt(2 (1 - correlation)), that of two clusters the mean over their pairs (UPGMA; Sokal and Michener 1958).
    Of two clusters that are joined the ends that are nearer to each other meet.
    """
    count = len(correlation)
    if count == 0:
        return []
    leaves = np.sqrt(2 * (1 - np.nan_to_num(correlation)).clip(min=0))
    distance = leaves.copy()
    np.fill_diagonal(distance, np.inf)
    clusters: dict[int, list[int]] = {each: [each] for each in range(count)}
    while len(clusters) > 1:
        one, other = (int(each) for each in np.unravel_index(np.argmin(distance), distance.shape))
        sizes = len(clusters[one]), len(clusters[other])
        merged = (distance[one] * sizes[0] + distance[other] * sizes[1]) / sum(sizes)
        distance[one] = distance[:, one] = merged
        distance[other] = distance[:, other] = distance[one, one] = np.inf
        clusters[one] = _joined(clusters[one], clusters.pop(other), leaves)
    return next(iter(clusters.values()))


def _joined(left: list[int], right: list[int], distance: Floats) -> list[int]:
    """One row of two, each turned so that the nearest of their ends meet."""
    ways = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    first, second = min(ways, key=lambda way: distance[way[0][-1], way[1][0]])
    return first + second
