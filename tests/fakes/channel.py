"""A way to people that keeps what it was given, and can be out of order."""

from __future__ import annotations

from dataclasses import dataclass, field

from ticklake.errors import NotifierUnavailable
from ticklake_io.notices import Notice


@dataclass
class MemoryChannel:
    """Takes notices while it `works`."""

    name: str = "memory"
    works: bool = True
    taken: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice) -> None:
        if not self.works:
            raise NotifierUnavailable(f"{self.name} is out of order")
        self.taken.append(notice)

    def told(self) -> list[tuple[str, str]]:
        """What of which state was taken, in order."""
        return [(each.name, each.state) for each in self.taken]
