"""Data quality: what the rules say, what was taken out and why, and which minutes of a session are there.

Each panel is a fragment of its own, so that a choice in one leaves the others alone, and one that has no answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.components.answers import extract
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports, Extract
from dashboard.links import Links
from dashboard.look import Look
from dashboard.meter import beside, fragment
from dashboard.quality import coverage_panel, quarantine_panel, results, rules_panel
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.roles import User

Now = Callable[[], datetime]

EVERY_S = 30.0
"""Least seconds between two refreshes: checks come minutes apart."""

PAGE = "Data quality"


def render(look: Look, tables: Tables, now: Now, meanings: Mapping[str, str], links: Links, exports: Exports, user: User) -> None:
    """The whole page. `meanings` says by rule what it asks of the data; what `user` takes away passes `exports`."""
    every_s = max(EVERY_S, look.every_s) if look.every_s else None
    since = look.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=rules_panel.DAYS - 1)
    fragment(rules_panel.draw, run_every=every_s)(look, tables, since, meanings, links)
    export(exports, user, lambda: rules_extract(tables, since), "export-rules")
    fragment(quarantine_panel.draw, run_every=beside(every_s, 4))(look, tables)
    export(exports, user, lambda: extract(tables, PAGE, "quality_quarantine", Subject.QUALITY, **quarantine_panel.wanted(look)), "export-quarantine")
    fragment(coverage_panel.draw, run_every=beside(every_s, 5))(look, tables, now)


def rules_extract(tables: Tables, since: datetime) -> Extract | None:
    """The newest result of each rule, to take away: its examples are of all sources at once, and leave without their prices."""
    found = extract(tables, PAGE, "quality_rules", Subject.QUALITY, since=since)
    return found and replace(found, frame=found.frame.assign(EXAMPLES=found.frame["EXAMPLES"].map(results.named)))
