"""Chance that is none."""

from __future__ import annotations

from random import Random


class Longest(Random):
    """Draws the longest wait there is."""

    def uniform(self, a: float, b: float) -> float:
        return b
