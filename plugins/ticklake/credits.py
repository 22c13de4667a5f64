"""What loading costs a day in Snowflake's credits, and how old data becomes by it.

An estimate, by Snowflake's published terms of November 2026:

* an X-Small warehouse takes 1 credit an hour, by the second, at least 60 seconds each time it wakes
  (docs: "Understanding compute cost");
* it goes to sleep AUTO_SUSPEND seconds after the last statement; 60 is what `infra/` asks for;
* Snowpipe takes 0.0037 credits a gigabyte of files, Parquet as stored, and no fee by file (since 2025), and has loaded
  them after about a minute (docs: "Snowpipe costs").

The price of a credit depends on edition and region, so none is named here.
"""

from __future__ import annotations

from dataclasses import dataclass

CREDITS_AN_HOUR = 1.0
SHORTEST_BILL_S = 60.0
AUTO_SUSPEND_S = 60.0
SNOWPIPE_CREDITS_A_GB = 0.0037
SNOWPIPE_S = 60.0

_HOUR_S = 3_600.0
_GB = 1e9


@dataclass(frozen=True)
class Estimate:
    """A way of loading: credits a day (None: depends on bytes that are not known), seconds until data is in CURATED at worst, and why."""

    name: str
    credits: float | None
    oldest_s: float
    because: str


def by_copy(name: str, *, every_s: float, work_s: float, flush_s: float, hours: float) -> Estimate:
    """COPY on an X-Small warehouse every `every_s` seconds for `hours` a day in which data arrives; a load works `work_s` seconds.

    `flush_s` is how long a record may wait for its object.
    """
    awake_s = max(SHORTEST_BILL_S, work_s + AUTO_SUSPEND_S)
    oldest_s = flush_s + max(every_s, work_s) + work_s
    if every_s <= awake_s:
        return Estimate(name, hours * CREDITS_AN_HOUR, oldest_s, f"never sleeps: {hours:g} h x {CREDITS_AN_HOUR:g} credit")
    loads = hours * _HOUR_S / every_s
    because = f"{loads:.0f} loads x {awake_s:.0f} s awake ({work_s:g} s of work, {AUTO_SUSPEND_S:g} s until it sleeps) / 3600"
    return Estimate(name, loads * awake_s / _HOUR_S * CREDITS_AN_HOUR, oldest_s, because)


def by_snowpipe(bytes_a_day: float | None, *, flush_s: float) -> Estimate:
    """Snowpipe instead of COPY, without the merge into CURATED, which a task of Snowflake's own would have to do."""
    oldest_s = flush_s + SNOWPIPE_S
    if bytes_a_day is None:
        return Estimate("Snowpipe", None, oldest_s, f"{SNOWPIPE_CREDITS_A_GB:g} a GB; how many are not known yet. Loads RAW only")
    gigabytes = bytes_a_day / _GB
    return Estimate("Snowpipe", gigabytes * SNOWPIPE_CREDITS_A_GB, oldest_s, f"{gigabytes:.3f} GB x {SNOWPIPE_CREDITS_A_GB:g}. Loads RAW only")
