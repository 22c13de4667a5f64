"""APP.ALERT_RULES and APP.ALERTS, as the service reads and writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ticklake.alerts.alert import Alert
from ticklake.alerts.rule import Rule
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_STATEMENTS = Statements(Path(__file__).parent / "queries")

_log = structlog.get_logger()


def read_rules(warehouse: Warehouse) -> tuple[Rule, ...]:
    """The active rules by id; one that this version of the service does not understand is told and left out. Raises what the warehouse raises."""
    rules = []
    for row in warehouse.rows(_STATEMENTS["rules"]):
        try:
            rules.append(_rule(row))
        except msgspec.ValidationError as error:
            _log.error("rule_refused", rule_id=row["RULE_ID"], version=row["VERSION"], reason=str(error))
    return tuple(rules)


def write_alerts(warehouse: Warehouse, alerts: Iterable[Alert]) -> None:
    """Keep alerts that are not kept yet. Raises what the warehouse raises."""
    once = {each.alert_id: each for each in alerts}
    if once:
        warehouse.rows(_STATEMENTS["insert_alerts"], {"list": json.dumps([_values(each) for each in once.values()])})


def _rule(row: Row) -> Rule:
    fields: dict[str, Any] = {
        "rule_id": row["RULE_ID"],
        "version": row["VERSION"],
        "owner": row["OWNER"],
        "symbol": row["SYMBOL"],
        "source": row["SOURCE"],
        "kind": row["KIND"],
        "since": row["CHANGED_AT"].replace(tzinfo=UTC),
        "level": row["PRICE_LEVEL"],
        "percent": row["MOVE_PERCENT"],
        "window_s": row["WINDOW_S"],
        "once": row["ONCE"],
        "note": row["NOTE"],
    }
    return msgspec.convert(fields, Rule)


def _values(alert: Alert) -> list[object]:
    """In the order of the statement. Decimals go as text: JSON's numbers are binary floats."""
    return [
        alert.alert_id,
        alert.rule_id,
        alert.version,
        alert.owner,
        alert.symbol,
        alert.source,
        alert.kind,
        alert.tick_id,
        _naive(alert.event_time),
        _naive(alert.kafka_time),
        str(alert.price),
        str(alert.reference),
        None if alert.moved is None else str(alert.moved),
        alert.window_s,
        alert.note,
    ]


def _naive(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
