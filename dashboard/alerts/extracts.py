"""The inbox as a table to take away."""

from __future__ import annotations

from decimal import Decimal

from dashboard.exports.desk import Extract
from dashboard.tables import Tables
from ticklake.changes import Subject

QUERY = "alerts_inbox"


def inbox(tables: Tables) -> Extract | None:
    """The newest alerts that the warehouse keeps, prices as decimals, what is not known empty; None when there are none."""
    reading = tables.read(QUERY, Subject.APP)
    frame = reading.value
    if frame is None or frame.empty or reading.at is None:
        return None
    seen = frame["ACKNOWLEDGED_BY"].notna()
    whole = frame.assign(
        WINDOW_S=frame["WINDOW_S"].where(frame["WINDOW_S"] > 0).astype("Int64"),
        ACKNOWLEDGED_AT=frame["ACKNOWLEDGED_AT"].where(seen),
        **{name: frame[name].map(_decimal) for name in ("PRICE", "REFERENCE_PRICE", "MOVED_PERCENT")},
    )
    sources = tuple(sorted(set(frame["SOURCE"])))
    return Extract(whole, "alerts", "Alerts", f"dashboard/queries/{QUERY}.sql", reading.at, sources)


def _decimal(text: object) -> Decimal | None:
    return Decimal(text) if isinstance(text, str) else None
