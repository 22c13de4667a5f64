"""What stored objects cost a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from ticklake.errors import ConfigError

GIGABYTE = 2**30
WATCHED_FROM = 128 * 1024
"""Smallest object in bytes that INTELLIGENT_TIERING watches, and asks money for."""


class Prices(msgspec.Struct, frozen=True):
    """US dollars: a gigabyte and month by storage class, and a month of watching a thousand objects."""

    region: str
    gigabyte: dict[str, float]
    watched_thousand: float

    @staticmethod
    def load(file: Path) -> Prices:
        """The prices of a file. Raises `ConfigError` when it is malformed."""
        try:
            return msgspec.convert(yaml.safe_load(file.read_text()), Prices)
        except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
            raise ConfigError(f"{file.name} is no list of prices: {' '.join(str(error).split())}") from error


@dataclass
class Stored:
    """Objects of one prefix and class: how many, their bytes, and how many of them are large enough to be watched."""

    prefix: str
    storage_class: str
    objects: int = 0
    bytes: int = 0
    watched: int = 0

    def cost(self, prices: Prices) -> float | None:
        """US dollars a month; None for a class without a price."""
        price = prices.gigabyte.get(self.storage_class)
        if price is None:
            return None
        watching = self.watched / 1000 * prices.watched_thousand if self.storage_class == "INTELLIGENT_TIERING" else 0.0
        return self.bytes / GIGABYTE * price + watching


def summed(objects: Iterable[tuple[str, int, str]]) -> list[Stored]:
    """Objects (key, size in bytes, class) by the first part of their keys and by class."""
    found: dict[tuple[str, str], Stored] = {}
    for key, size, storage_class in objects:
        prefix = key.split("/", 1)[0] + "/" if "/" in key else ""
        each = found.setdefault((prefix, storage_class), Stored(prefix, storage_class))
        each.objects += 1
        each.bytes += size
        each.watched += size >= WATCHED_FROM
    return [found[name] for name in sorted(found)]
