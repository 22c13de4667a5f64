"""Sources whose provider answers no more calls for now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
import pandas as pd

RECENT = timedelta(minutes=15)
"""How long a measurement is believed: three times its interval."""


def spent(quotas: pd.DataFrame, at: datetime, zone: tzinfo) -> str | None:
    """A sentence about the sources of `queries/quotas.sql` without a call left; None when there is none."""
    sources, measured = [], []
    for labels, value, moment in zip(quotas["LABELS"], quotas["VALUE"], quotas["MEASURED_AT"], strict=True):
        measured_at = pd.Timestamp(moment).to_pydatetime().replace(tzinfo=UTC)
        if value < 1 and at - measured_at <= RECENT:
            sources.append(str(msgspec.json.decode(labels).get("source", "a source")))
            measured.append(measured_at)
    if not sources:
        return None
    names = ", ".join(sorted(sources))
    return (
        f"No call left of the plan of {names} (at {max(measured).astimezone(zone):%H:%M %Z}): its prices stand still until the plan allows more. "
        f"Ask for fewer symbols in ticklake.yaml, or take a larger plan."
    )
