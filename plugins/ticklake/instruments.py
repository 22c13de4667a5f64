"""The instrument list and the sources' symbols: what `ticklake.yaml` says, typed.

A symbol that is not on the list is taken as it comes, with MIC and sector unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import yaml

from ticklake.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALWAYS_OPEN = "24/7"
"""Calendar of what trades around the clock, and of symbols that are not on the list."""

_T = TypeVar("_T")


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One instrument. `standby` are the sources that stand in for `primary`, best first; `aliases` maps a source's name to the
    symbol that this source uses. `tracks_market`: a fund or index of the whole market; simulated, it is the market itself."""

    symbol: str
    name: str
    mic: str | None = None
    currency: str | None = None
    sector: str | None = None
    calendar: str = ALWAYS_OPEN
    primary: str
    standby: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    tracks_market: bool = False


class SourceSymbols(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user wants of one source."""

    symbols: tuple[str, ...] = ()


class Instruments:
    """The list, by canonical symbol, and the symbols to ask each source for."""

    def __init__(self, listed: tuple[Instrument, ...] = (), sources: dict[str, SourceSymbols] | None = None) -> None:
        """Raises `ConfigError` for a symbol, its sources, or a source's alias, that is listed twice."""
        self._sources = sources or {}
        self._listed: dict[str, Instrument] = {}
        self._canonical: dict[tuple[str, str], str] = {}
        for each in listed:
            if each.symbol in self._listed:
                raise ConfigError(f"instrument {each.symbol} is listed twice")
            ranked = each.primary, *each.standby
            if len(set(ranked)) < len(ranked):
                raise ConfigError(f"instrument {each.symbol}: a source is named twice in `primary` and `standby`")
            self._listed[each.symbol] = each
            for source, alias in each.aliases.items():
                other = self._canonical.setdefault((source, alias), each.symbol)
                if other != each.symbol:
                    raise ConfigError(f"instrument {each.symbol}: {source} calls {other} {alias} already")

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._listed

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._listed.values())

    def __len__(self) -> int:
        return len(self._listed)

    def get(self, symbol: str) -> Instrument:
        """The instrument of a canonical symbol; one of which nothing is known when it is not on the list."""
        return self._listed.get(symbol) or Instrument(symbol=symbol, name=symbol, primary="")

    def canonical(self, source: str, alias: str) -> str:
        """The canonical symbol of what `source` calls `alias`; `alias` itself when no instrument claims it."""
        return self._canonical.get((source, alias), alias)

    def alias(self, source: str, symbol: str) -> str:
        """What `source` calls a canonical symbol."""
        return self.get(symbol).aliases.get(source, symbol)

    def symbols(self, source: str) -> tuple[str, ...]:
        """Canonical symbols that the user may want of `source`: those asked of it, then those it is primary for, then those
        it stands by for, each once. Empty when the file names none."""
        asked = self.asked(source)
        primary = (each.symbol for each in self if each.primary == source)
        standby = (each.symbol for each in self if source in each.standby)
        return tuple(dict.fromkeys((*asked, *primary, *standby)))

    def asked(self, source: str) -> tuple[str, ...]:
        """Canonical symbols that `sources:` asks of `source`, most important first."""
        return self._sources[source].symbols if source in self._sources else ()

    @property
    def sources(self) -> frozenset[str]:
        """Every source that the file names."""
        return frozenset(self._sources).union(*((each.primary, *each.standby) for each in self))


def load(path: Path) -> Instruments:
    """The instrument list in the YAML file at `path`.

    Raises `ConfigError` that names the file and the entry that is malformed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"TICKLAKE_CONFIG_FILE: {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    entries = _part(path, content, "instruments", list)
    sources = _part(path, content, "sources", dict)
    try:
        return Instruments(
            tuple(_convert(f"instrument {_name(entry, number)}", entry, Instrument) for number, entry in enumerate(entries, 1)),
            {str(name): _convert(f"source {name}", entry or {}, SourceSymbols) for name, entry in sources.items()},
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _part(path: Path, content: object, name: str, kind: type[_T]) -> _T:
    part = content.get(name) if isinstance(content, dict) else None
    if not isinstance(part, kind):
        raise ConfigError(f"{path}: `{name}` is missing or no {'list' if kind is list else 'mapping'}")
    return part


def _name(entry: object, number: int) -> str:
    symbol = entry.get("symbol") if isinstance(entry, dict) else None
    return symbol if isinstance(symbol, str) else f"number {number}"


def _convert(name: str, entry: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        hint = " (YAML reads words such as ON and NO as yes and no: write them in quotes)" if "got `bool`" in str(error) else ""
        raise ConfigError(f"{name}: {error}{hint}") from None
