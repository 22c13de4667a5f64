"""Standard Brownian paths as pure functions of seed, name and time, with fat tails.

A path is refined from fixed anchors by midpoint displacement on a dyadic grid: the middle of an interval is the mean of
its ends plus noise of the interval's own scale (P. Lévy's construction; Glasserman, Monte Carlo Methods in Financial
Engineering, 2003, section 3.1). Noise comes from a hash of path and interval, not from a generator with a state, so any
time costs the same 30 refinements and the past never changes.

The hash is the finalizer of splitmix64 (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014). Two
of its uniforms make one Student-t variate by Bailey's form of Box and Muller (R. W. Bailey, Polar Generation of Random
Variates with the t-Distribution, 1994).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.int64]
    Keys = NDArray[np.uint64]

YEAR_US = 365.25 * 86_400e6
ANCHOR_BITS = 45
"""Anchors are 2**45 µs (407 days) apart. They are independent of each other, so a path never drifts off."""
FINEST_BITS = 15
"""Below 2**15 µs (33 ms) a path is a straight line."""
DEGREES = 3.0
"""Of freedom of the t distribution: the fewer, the fatter the tails."""
LIMIT = 12.0
"""No variate is further from zero, in standard deviations, so that no price is absurd."""

_ANCHOR_LEVEL = 63
_GOLDEN = 0x9E3779B97F4A7C15


def path_key(*parts: object) -> int:
    """64 bits that stand for a path, made of its seed and name."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def uniform(keys: Keys, counters: NDArray[np.int64], purpose: int = 0) -> Floats:
    """Numbers in (0, 1), one for each pair of `keys` and `counters` (any shapes that broadcast) and each `purpose`."""
    salted = _mix(counters.astype(np.uint64) + np.uint64(_GOLDEN * (purpose + 1) % 2**64))
    top: Floats = (_mix(keys ^ salted) >> np.uint64(11)).astype(np.float64)
    return (top + 0.5) * 2.0**-53


def student(keys: Keys, counters: NDArray[np.int64]) -> Floats:
    """Student-t numbers of variance 1, shaped like `uniform`'s."""
    radius = np.sqrt(DEGREES * (uniform(keys, counters, 0) ** (-2.0 / DEGREES) - 1.0))
    variates: Floats = radius * np.cos(2.0 * np.pi * uniform(keys, counters, 1)) * np.sqrt((DEGREES - 2.0) / DEGREES)
    return np.clip(variates, -LIMIT, LIMIT)


def paths(keys: Keys, times: Times) -> Floats:
    """Paths `keys` (k) at `times` (n, microseconds since 1970, in any order) as an array (k, n).

    An increment over a span of up to a year has variance 1 per year.
    """
    column = keys[:, None]
    cells = np.unique(times >> ANCHOR_BITS)
    left, right = _anchors(column, cells), _anchors(column, cells + 1)
    for bits in range(ANCHOR_BITS - 1, FINEST_BITS - 1, -1):
        scale = np.sqrt(2.0 ** (bits + 1) / YEAR_US) / 2.0
        middle = (left + right) / 2.0 + scale * student(column, cells << 6 | bits)
        halves = np.unique(times >> bits)
        parents = np.searchsorted(cells, halves >> 1)
        second = (halves & 1).astype(bool)
        left, right = np.where(second, middle[:, parents], left[:, parents]), np.where(second, right[:, parents], middle[:, parents])
        cells = halves
    at = np.searchsorted(cells, times >> FINEST_BITS)
    part = (times & (2**FINEST_BITS - 1)) / 2.0**FINEST_BITS
    values: Floats = left[:, at] + (right[:, at] - left[:, at]) * part
    return values


def keys_of(seed: object, names: Sequence[str]) -> Keys:
    """The keys of the paths that have these names."""
    return np.array([path_key(seed, name) for name in names], dtype=np.uint64)


def _anchors(column: Keys, cells: NDArray[np.int64]) -> Floats:
    """Values at the anchors. Half the variance of a span between two of them, so that their difference has all of it."""
    scale = np.sqrt(2.0**ANCHOR_BITS / YEAR_US / 2.0)
    values: Floats = scale * np.clip(student(column, cells << 6 | _ANCHOR_LEVEL), -3.0, 3.0)
    return values


def _mix(values: Keys) -> Keys:
    mixed = values + np.uint64(_GOLDEN)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
