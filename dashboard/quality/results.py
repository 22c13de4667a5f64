"""The rules' results as people read them: what a status means, the worst first, samples as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from dashboard import figures
from dashboard.components.answers import written
from dashboard.links import Links
from dashboard.look import Look
from ticklake.quality.rule import COORDINATES

DAG = "data_quality"

HOLDS, BROKEN, UNASKED = "holds", "broken", "not asked"
"""What a day or a result is on a chart."""


_NAMING = frozenset(name.lower() for names in COORDINATES.values() for name in names) | {"error"}
"""What a sample may say of a row, or of a rule that could not be asked, that is no price."""


class State(NamedTuple):
    """What to make of a result: its rank, worst highest, and words with an icon whose shape says it too."""

    rank: int
    text: str


def state(status: str, severity: str) -> State:
    """The state of a result by its STATUS and its rule's SEVERITY."""
    if status == "unknown":
        return State(4, "○ not asked: data is held back")
    if status != "broken":
        return State(0, "● holds")
    return {
        "fail": State(3, "■ broken: data is held back"),
        "quarantine": State(2, "▲ broken: ticks taken out"),
    }.get(severity, State(1, "▲ broken: recorded"))


def table(results: pd.DataFrame, meanings: Mapping[str, str], links: Links, look: Look) -> pd.DataFrame:
    """A row per rule of quality_rules.sql, the worst first: STATE in words, figures, what the rule says, and its newest run."""
    states = [state(status, severity) for status, severity in zip(results["STATUS"], results["SEVERITY"], strict=True)]
    zone = look.tz(None)
    shown = pd.DataFrame(
        {
            "RANK": [each.rank for each in states],
            "STATE": [each.text for each in states],
            "RULE": results["RULE"],
            "SEVERITY": results["SEVERITY"],
            "TABLE": results["TABLE_NAME"],
            "OFFENDING": results["OFFENDING"],
            "CHECKED": results["CHECKED"],
            "CHECKED AT": written(results["CHECKED_AT"], zone),
            "MEANING": [meanings.get(rule, figures.UNKNOWN) for rule in results["RULE"]],
            "RUN": [links.run(DAG, run) for run in results["RUN_ID"]],
        }
    )
    return shown.sort_values(["RANK", "RULE"], ascending=[False, True], ignore_index=True).drop(columns="RANK")


def summary(results: pd.DataFrame) -> str:
    """All rules in a sentence."""
    states = [state(status, severity) for status, severity in zip(results["STATUS"], results["SEVERITY"], strict=True)]
    broken = sum(each.rank > 0 for each in states)
    holding = sum(each.rank >= 3 for each in states)
    if not broken:
        return f"● All {len(states)} rules hold."
    back = f"{holding} of them hold data back: what waits for curated.checked stands still." if holding else "None of them holds data back."
    return f"▲ {broken} of {len(states)} rules do not hold. {back}"


def sample(text: str) -> pd.DataFrame:
    """What a result's SAMPLE (a JSON array of objects) holds, a row an offender; empty where it is no such thing."""
    return pd.DataFrame([{str(name).upper(): figures.UNKNOWN if value is None else str(value) for name, value in row.items()} for row in _offenders(text)])


def named(text: str) -> str:
    """A SAMPLE with only what names its rows, or why there is none: what else a rule samples may be a price."""
    return json.dumps([{name: value for name, value in row.items() if name in _NAMING} for row in _offenders(text)])


def _offenders(text: str) -> list[dict[str, object]]:
    try:
        rows = json.loads(text)
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def days(trend: pd.DataFrame) -> pd.DataFrame:
    """Rows of quality_days.sql with STATE: what the worst check of the day was."""
    worst = [UNASKED if unknown else BROKEN if broken else HOLDS for unknown, broken in zip(trend["UNKNOWN"], trend["BROKEN"], strict=True)]
    return trend.assign(STATE=worst)
