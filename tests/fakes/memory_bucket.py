"""A bucket's administration in memory; what it `lacks` it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ticklake.lifecycle import Rule, identity
from ticklake_io.bucket_rules import Upload


@dataclass
class MemoryBucket:
    """Keeps rules and tierings by id."""

    lifecycle: list[Rule] = field(default_factory=list)
    tiers: dict[str, Rule] = field(default_factory=dict)
    status: str = "Enabled"
    lacks: frozenset[str] = frozenset()
    puts: int = 0

    def versioning(self) -> str | None:
        return self.status

    def rules(self) -> list[Rule] | None:
        return None if "rules" in self.lacks else list(self.lifecycle)

    def put_rules(self, rules: list[Rule]) -> None:
        self.puts += 1
        self.lifecycle = list(rules)

    def tierings(self) -> list[Rule] | None:
        return None if "tierings" in self.lacks else list(self.tiers.values())

    def put_tiering(self, tiering: Rule) -> None:
        self.puts += 1
        if "memory" not in self.lacks:
            self.tiers[identity(tiering)] = tiering

    def delete_tiering(self, name: str) -> None:
        del self.tiers[name]

    def uploads(self) -> Iterator[Upload]:
        return iter(())

    def objects(self) -> Iterator[tuple[str, int, str]]:
        return iter(())
