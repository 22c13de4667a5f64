"""What the running producer says of its sources, and whether sources owe ticks now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import httpx
import msgspec

from ticklake import calendars, instruments
from ticklake.instruments import Instruments
from ticklake.settings import Settings

PATIENCE_S = 2.0


class SourceLine(msgspec.Struct, frozen=True):
    """A source: its state, how many symbols it delivers, whether it ordinarily has ticks all the time that an exchange is open, what
    its plan has left (None: no such limit), its errors by class."""

    name: str
    state: str
    symbols: int
    steady: bool
    calls_left: int | None
    errors: Mapping[str, int]
    detail: str


class Producing(msgspec.Struct, frozen=True):
    """The sources that run, and who stands in, by symbol."""

    sources: tuple[SourceLine, ...] = ()
    standing_in: dict[str, str] = {}

    @staticmethod
    def read(body: bytes) -> Producing:
        """What /status says. Raises `msgspec.MsgspecError` when it is something else."""
        return msgspec.json.decode(body, type=Producing)

    def lines(self) -> Iterator[str]:
        """For people to read."""
        for each in self.sources:
            left = "" if each.calls_left is None else f"{each.calls_left} calls left"
            errors = ", ".join(f"{count} {name}" for name, count in each.errors.items())
            yield f"{each.name:<14}{each.state:<10}{each.symbols:>5} symbols  {'; '.join(filter(None, (left, errors, each.detail)))}".rstrip()
        for symbol, source in self.standing_in.items():
            yield f"{symbol:<14}{source} stands in"


def ask(settings: Settings) -> Producing:
    """What the producer of this instance answers; nothing when it does not."""
    url = settings.producer_status_url or f"http://{settings.http_host}:{settings.producer_http_port}/status"
    try:
        answer = httpx.get(url, timeout=PATIENCE_S, trust_env=False)
        return Producing.read(answer.raise_for_status().content)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError):
        return Producing()


def expects_ticks(settings: Settings, sources: Iterable[str], at: datetime, producing: Producing) -> bool:
    """Whether silence is a fault: not while every exchange is closed that `sources` follow, those aside that `producing` calls unsteady.

    Raises `ConfigError` when the file of instruments is wrong.
    """
    listed = _listed(settings.config_file, _version(settings.config_file))
    unsteady = {each.name for each in producing.sources if not each.steady}
    names = [name for name in sources if name not in unsteady]
    if settings.simulator_hours == "always" and "simulator" in names:
        return True
    followed = {listed.get(symbol).calendar for name in names for symbol in listed.symbols(name)}
    return any(calendars.calendar(name).is_open(at) for name in followed)


@lru_cache(maxsize=1)
def _listed(path: Path, _version: int) -> Instruments:
    return instruments.load(path)


def _version(path: Path) -> int:
    """When the file was written, which is asked at every look; reading it is not. 0 for one that is away, of which `load` says more."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
