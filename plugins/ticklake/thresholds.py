"""When a measured value is an alarm: raised after some measurements in a row, cleared by the first good one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ticklake.measurement import Measurement
from ticklake.settings import Settings


@dataclass(frozen=True)
class Threshold:
    """Values of `metric` past `limit` are bad; `after` of them in a row raise the alarm `name`. `do` is what to do then."""

    name: str
    metric: str
    bad: Literal["above", "below"]
    limit: float
    after: int
    do: str


@dataclass(frozen=True)
class Watch:
    """What is remembered of an alarm: bad measurements in a row, and since when it is raised."""

    bad: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Episode:
    """A time of alarm. `since` is when it was raised, `changed_at` when it came into its `state`; without a value nothing measures it any longer."""

    name: str
    state: Literal["raised", "cleared"]
    since: datetime
    changed_at: datetime
    detail: str
    value: float | None
    threshold: float | None


def judge(threshold: Threshold, watch: Watch, measured: Iterable[Measurement], at: datetime) -> tuple[Watch, Episode | None]:
    """What to remember after a measurement, and the change if there is one.

    Of several values, which their labels tell apart, the worst counts. Without any, nothing changes.
    """
    found = [each for each in measured if each.name == threshold.metric]
    if not found:
        return watch, None
    worst = (max if threshold.bad == "above" else min)(found, key=lambda each: each.value)
    if worst.value > threshold.limit if threshold.bad == "above" else worst.value < threshold.limit:
        watch = replace(watch, bad=watch.bad + 1)
        if watch.since or watch.bad < threshold.after:
            return watch, None
        return replace(watch, since=at), _episode(threshold, "raised", at, at, worst)
    if watch.since is None:
        return Watch(), None
    return Watch(), _episode(threshold, "cleared", watch.since, at, worst)


def _episode(threshold: Threshold, state: Literal["raised", "cleared"], since: datetime, at: datetime, worst: Measurement) -> Episode:
    return Episode(threshold.name, state, since, at, f"{worst}, limit {threshold.limit:g}", worst.value, threshold.limit)


def thresholds(settings: Settings) -> list[Threshold]:
    """All alarms there are."""
    after = settings.alarm_after
    grows, fails, spent = (f"see infra/runbooks/{name}.md" for name in ("lag-grows", "load-fails", "quota-exhausted"))
    return [
        # An outage is told at once: the connectors have been patient already.
        Threshold("component_down", "component_up", "below", 1, 1, "ticklake status; what is down is started again by its supervisor, else see its log"),
        Threshold("hop_late", "hop_late", "above", 0, after, grows),
        Threshold("lag", "lag_records", "above", settings.alarm_lag_records, after, grows),
        Threshold("copy_success", "copy_success_percent", "below", settings.alarm_copy_success, after, fails),
        Threshold("load_slow", "load_p95_s", "above", settings.alarm_load_p95_s, after, fails),
        Threshold("availability", "availability_percent", "below", settings.alarm_availability, after, grows),
        Threshold("dashboard_slow", "dashboard_response_s", "above", settings.alarm_dashboard_s, after, "ticklake logs dashboard"),
        Threshold("calls_left", "calls_left", "below", settings.alarm_calls_left, after, spent),
        Threshold("backup_late", "backup_age_h", "above", settings.alarm_backup_hours, after, "see the last runs of backup_decisions: it tells why"),
        Threshold("lake_drift", "lake_drift", "above", 0, 1, "see the last run of lake_lifecycle: it tells each rule that differs"),
    ]
