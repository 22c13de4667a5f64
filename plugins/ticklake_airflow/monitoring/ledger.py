"""What the warehouse tells of loads, availability and its own use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from ticklake.availability import MINUTE, Wait, Way, verdicts, waits
from ticklake.credits import AUTO_SUSPEND_S, CREDITS_AN_HOUR
from ticklake.measurement import Measurement
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

DAY, MONTH = timedelta(days=1), timedelta(days=30)
AWAKE = timedelta(seconds=AUTO_SUSPEND_S)


class Ledger:
    """Reads OPS. Every call may raise what the warehouse raises."""

    def __init__(self, warehouse: Warehouse, statements: Statements, now: datetime) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._now = now

    def loads(self, waiting: int) -> Iterator[Measurement]:
        """Of the last day's objects the share that is loaded, `waiting` being those that should be and are not; the last hour's latency."""
        (row,) = self._warehouse.rows(self._statements["loads"], {"hour": self._now - timedelta(hours=1), "day": self._now - DAY})
        loaded, failed = int(row["LOADED"]), int(row["GIVEN_UP"]) + waiting
        if loaded + failed:
            yield Measurement("copy_success_percent", round(100 * loaded / (loaded + failed), 3), "%")
        if int(row["MERGED"]):
            yield Measurement("load_p50_s", float(row["P50"]), "s")
            yield Measurement("load_p95_s", float(row["P95"]), "s")

    def minutes(
        self, begin: datetime, end: datetime, live: list[Wait], targets: Mapping[str, float], expected: Callable[[datetime], bool]
    ) -> Iterator[Measurement]:
        """A verdict for each minute from `begin` to before `end`; `live` is what is awaited now."""
        rows = self._warehouse.rows(self._statements["ways"], {"since": begin, "now": self._now})
        ways = [Way(*(row[name].replace(tzinfo=UTC) for name in ("FIRST_KAFKA_TIME", "LAST_KAFKA_TIME", "LANDED_AT", "MERGED_AT"))) for row in rows]
        for minute, good in verdicts(begin, end, [*waits(ways), *live], targets, expected).items():
            yield Measurement("minute_available", float(good), "", at=minute)

    def availability(self, judged_to: datetime) -> Iterator[Measurement]:
        """The share of good minutes among the judged ones of a day and of thirty, and how many before `judged_to` were not judged."""
        (row,) = self._warehouse.rows(self._statements["availability"], {"day": self._now - DAY, "month": self._now - MONTH})
        first = row["FIRST_MINUTE"].replace(tzinfo=UTC)
        for name, span in (("DAY", DAY), ("MONTH", MONTH)):
            judged, good = int(row[f"{name}_JUDGED"]), int(row[f"{name}_GOOD"])
            if judged:
                labels = {"window": f"{span.days}d"}
                passed = (judged_to - max(first, self._now - span)) // MINUTE
                yield Measurement("availability_percent" if name == "DAY" else "availability_month_percent", round(100 * good / judged, 4), "%", labels)
                yield Measurement("unknown_minutes", max(0, passed - judged), "min", labels)

    def use(self) -> Iterator[Measurement]:
        """Seconds of statements in the last day, and the credits of a warehouse that sleeps between them."""
        rows = self._warehouse.rows(self._statements["warehouse_use"], {"day": self._now - DAY})
        sessions = [(row["MEASURED_AT"], float(row["VALUE"])) for row in rows]
        yield Measurement("warehouse_seconds_day", round(sum(seconds for _, seconds in sessions), 3), "s")
        yield Measurement("warehouse_credits_day", round(awake_s(sessions) / 3600 * CREDITS_AN_HOUR, 4), "credits")

    def began(self) -> datetime:
        """When the first object was loaded; now, while none is."""
        (row,) = self._warehouse.rows(self._statements["began"], {"now": self._now})
        began: datetime = row["BEGAN"].replace(tzinfo=UTC)
        return began

    def drift(self) -> Iterator[Measurement]:
        """Rules of the bucket that differ from the desired ones, as the last audit left them."""
        for row in self._warehouse.rows(self._statements["lake_drift"]):
            yield Measurement("lake_drift", float(row["VALUE"]), "rules")

    def thin(self) -> None:
        """Remove what is older than thirty days."""
        self._warehouse.rows(self._statements["thin_metrics"], {"month": self._now - MONTH})


def awake_s(sessions: list[tuple[datetime, float]]) -> float:
    """Seconds that a warehouse is awake for sessions (end, seconds), in order of their ends, when it sleeps `AWAKE` after each."""
    awake, until = timedelta(0), None
    for end, seconds in sessions:
        begin = end - timedelta(seconds=seconds)
        awake += end + AWAKE - (max(begin, until) if until else begin)
        until = end + AWAKE
    return awake.total_seconds()
