"""A measured value, as OPS.METRICS keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Measurement:
    """`value` of `name`, in `unit`; `labels` say of what. `at` is UTC, None for the time of the run that measured it."""

    name: str
    value: float
    unit: str
    labels: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None

    def __str__(self) -> str:
        of = ", ".join(f"{name} {value}" for name, value in self.labels.items())
        return f"{self.name}{f' ({of})' if of else ''} is {self.value:g} {self.unit}".rstrip()
