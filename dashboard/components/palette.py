"""Colours that keep 4.5:1 on their background; blue and orange, which colour-blind eyes tell apart."""

from __future__ import annotations

from typing import NamedTuple


class Palette(NamedTuple):
    """Colours of text, of rising and falling prices, of what is neutral or old, of volume, of grid lines, and of the page behind all of them."""

    text: str
    up: str
    down: str
    muted: str
    volume: str
    grid: str
    background: str


LIGHT = Palette(text="#16202c", up="#0b5cad", down="#b34700", muted="#5f6b7a", volume="#b9c4d2", grid="#e6eaef", background="#ffffff")
DARK = Palette(text="#e4e9f0", up="#6cb2ff", down="#ffa24d", muted="#9aa7b6", volume="#3d4b5c", grid="#232d38", background="#10161d")
