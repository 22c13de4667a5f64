"""What can have changed in the warehouse, in the words that its writers and its readers share."""

from __future__ import annotations

from enum import StrEnum


class Subject(StrEnum):
    """The tables that one writer fills together; a reader of them is told when they have changed.

    TICKS: CURATED.TICKS, LATEST, the bars, the ledger and watermarks. DAILY: DAILY_BARS, CORPORATE_ACTIONS and vendor's minutes.
    ANALYTICS: VOLATILITY, CORRELATION, RISK and the bars made of bars. QUALITY: DQ_RESULTS and QUARANTINE. METRICS: OPS.METRICS.
    APP: what users write.
    """

    TICKS = "ticks"
    DAILY = "daily"
    ANALYTICS = "analytics"
    QUALITY = "quality"
    METRICS = "metrics"
    APP = "app"
