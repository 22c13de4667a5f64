"""Errors, each of which says what is to be done about it.

    TicklakeError
    ├── Retry       the same call may succeed later: wait, back off, try again
    │   ├── BrokerUnavailable, StoreUnavailable, WarehouseUnavailable
    │   ├── WarehouseBusy         another writer holds the rows: roll back and begin again
    │   ├── SourceUnavailable     a provider does not answer, or asks for patience
    │   ├── NotifierUnavailable   nobody could be told: tell again later
    │   └── QuotaSpent            the provider's plan has no call left until a time that it names
    ├── Reject      this item never succeeds: set it aside with its reason, go on with the next
    │   ├── BadLine               a line of an input file
    │   ├── BadPayload            an answer or a message of a provider that is no market data
    │   ├── BadObject             an object of the lake
    │   └── NotAllowed            a person's role has no right to it
    └── Stop        going on would lose or double data, or cannot work: end the process loudly
        ├── ConfigError           a setting is missing or malformed
        ├── ChainBroken           lake, offsets and ledger contradict each other
        ├── LoadMismatch          a load stored another number of rows than its object holds
        ├── QualityBroken         a data quality rule says fail, or cannot be asked
        ├── WarehouseRefused      bad SQL, refused rights, or a statement that ran out of time
        ├── BrokerRefused         Kafka refuses who we are, or what we may do
        ├── SourceRefused         a provider refuses the key, or the plan does not include what is asked
        └── TooManyRejects        most of what arrives is no tick: somebody deploys something bad

Catch `Retry`, `Reject` or `Stop`, not the leaves: the decision is the type.
"""

from __future__ import annotations

from datetime import datetime


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


class SourceUnavailable(Retry):
    """A provider does not answer, or asks for patience: `after_s` seconds when it says how long."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class QuotaSpent(Retry):
    """The plan has no call left until `until`."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


class NotifierUnavailable(Retry):
    """A channel to people did not take a notice. The text names no address, which may be a secret."""


class WarehouseUnavailable(Retry):
    """The warehouse does not answer."""


class WarehouseBusy(Retry):
    """Another transaction holds the rows this one wants."""


class BadLine(Reject):
    """A line of an input file that is no tick."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file, self.line, self.reason = file, line, reason


class BadPayload(Reject):
    """What a source `source` sent that is no market data. The text names the reason and never holds the payload, which may echo a key."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source, self.reason = source, reason


class BadObject(Reject):
    """An object of the lake that cannot be loaded."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


class NotAllowed(Reject):
    """A person wants what their role has no right to; the text says which role has."""


class ConfigError(Stop):
    """A setting is missing or malformed; the text names it."""


class ChainBroken(Stop):
    """The objects of a partition, its committed offsets and the ledger contradict each other."""


class LoadMismatch(Stop):
    """COPY stored another number of rows than the object's metadata says."""


class QualityBroken(Stop):
    """A data quality rule of severity fail is broken, or a rule cannot be asked; the text names the rules."""


class BrokerRefused(Stop):
    """Kafka refuses who we are or what we may do."""


class SourceRefused(Stop):
    """A provider refuses the key, or the plan does not include what is asked."""


class TooManyRejects(Stop):
    """Most of what arrives is no tick."""


class WarehouseRefused(Stop):
    """The warehouse understood the statement and refused it: bad SQL, missing rights or a limit of time, by the SQLSTATE where one is known."""

    def __init__(self, reason: str, sqlstate: str | None = None) -> None:
        super().__init__(reason)
        self.sqlstate = sqlstate
