"""What DAGs wait for and what they bring up to date."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from ticklake.settings import Settings
from ticklake_airflow.landing_trigger import LandingTrigger

TICKS = Asset("curated.ticks")
BARS = Asset("curated.bars_1m")
DAILY_BARS = Asset("curated.daily_bars")
CHECKED = Asset("curated.checked")
"""Updated when new data has kept every data quality rule of severity fail."""


def landings(settings: Settings) -> Asset:
    """Objects that landed in the lake, as the consumer hints at them. A hint may be lost; a timer must stand beside it."""
    trigger = LandingTrigger(bootstrap=settings.kafka_bootstrap, topic=settings.landings_topic, gap_s=settings.load_hint_gap_s)
    return Asset("lake.landings", watchers=[AssetWatcher(name="lake_landings", trigger=trigger)])
