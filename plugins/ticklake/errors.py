"""Errors, each of which says what is to be done about it.

    TicklakeError
    ├── Retry       the same call may succeed later: wait, back off, try again
    │   ├── BrokerUnavailable, StoreUnavailable, WarehouseUnavailable
    │   └── WarehouseBusy         another writer holds the rows: roll back and begin again
    ├── Reject      this item never succeeds: set it aside with its reason, go on with the next
    │   ├── BadLine               a line of an input file
    │   └── BadObject             an object of the lake
    └── Stop        going on would lose or double data, or cannot work: end the process loudly
        ├── ConfigError           a setting is missing or malformed
        ├── ChainBroken           lake, offsets and ledger contradict each other
        ├── LoadMismatch          a load stored another number of rows than its object holds
        └── WarehouseRefused      bad SQL or refused rights

Catch `Retry`, `Reject` or `Stop`, not the leaves: the decision is the type.
"""

from __future__ import annotations


class TicklakeError(Exception):
    """Base of all errors of this project. `str(error)` is one line: the cause and what to do."""


class Retry(TicklakeError):
    """The same call may succeed later."""


class Reject(TicklakeError):
    """This item never succeeds; others may."""


class Stop(TicklakeError):
    """Nobody should go on before a person or a supervisor has looked."""


class BrokerUnavailable(Retry):
    """Kafka does not answer."""


class StoreUnavailable(Retry):
    """The object store does not answer, or answers that it is overloaded."""


class WarehouseUnavailable(Retry):
    """The warehouse does not answer."""


class WarehouseBusy(Retry):
    """Another transaction holds the rows this one wants."""


class BadLine(Reject):
    """A line of an input file that is no tick."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file, self.line, self.reason = file, line, reason


class BadObject(Reject):
    """An object of the lake that cannot be loaded."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


class ConfigError(Stop):
    """A setting is missing or malformed; the text names it."""


class ChainBroken(Stop):
    """The objects of a partition, its committed offsets and the ledger contradict each other."""


class LoadMismatch(Stop):
    """COPY stored another number of rows than the object's metadata says."""


class WarehouseRefused(Stop):
    """The warehouse understood the statement and refused it: bad SQL or missing rights."""
