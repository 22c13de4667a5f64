"""Where users' rules and acknowledgements are written: who may is asked first, values are bound, and whoever reads is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from uuid import uuid4

import msgspec
import structlog

from dashboard.alerts.listing import Listed, State
from dashboard.writing import patiently, unwritten
from ticklake.alerts.draft import Draft
from ticklake.alerts.rule import Rule
from ticklake.clock import Clock
from ticklake.errors import Reject, TicklakeError
from ticklake.roles import Action, Role, User
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Row, Warehouse

QUERIES = Path(__file__).parents[1] / "queries" / "app"

log = structlog.get_logger()


class Desk:
    """Writes APP.ALERT_RULES and APP.ALERTS. Each call gives None when it is done, else one line with cause and action."""

    def __init__(self, warehouse: Warehouse, clock: Clock, told: Callable[[], None]) -> None:
        """`told` is called after each change, so that service and screens read it."""
        self._warehouse, self._clock, self._told = warehouse, clock, told
        self._statements = Statements(QUERIES)

    def create(self, draft: Draft, user: User) -> str | None:
        """Keep the first version of a rule that has no problems."""
        rule = draft.rule(uuid4().hex, user.name, self._clock.now())
        return self._change(rule, State.ACTIVE, user)

    def change(self, listed: Listed, state: State, user: User) -> str | None:
        """Keep another version of a rule, in this state. Only its owner and admins may."""
        if listed.rule.owner != user.name and user.role is not Role.ADMIN:
            return f"This rule is {listed.rule.owner}'s. Ask them, or an administrator, to change it."
        return self._change(msgspec.structs.replace(listed.rule, version=listed.rule.version + 1), state, user)

    def acknowledge(self, alert_ids: Collection[str], user: User) -> str | None:
        """Note that this user has seen alerts. Of two who do, the first one stays."""
        ids = sorted(alert_ids)

        def write() -> str | None:
            user.require(Action.ALERT)
            self._run("alert_acknowledge", {"ids": ids, "who": user.name, "at": self._clock.now()})
            kept = self._run("alert_acknowledged", {"ids": ids})[0]["KEPT"]
            return None if kept == len(ids) else "Some of these alerts are not in the warehouse yet. Acknowledge them again in a moment."

        return self._done(write)

    def _change(self, rule: Rule, state: State, user: User) -> str | None:
        def write() -> str | None:
            user.require(Action.ALERT)
            self._run("alert_rule", _values(rule, state, user, self._clock))
            (newest,) = self._run("alert_version", {"rule_id": rule.rule_id})
            if (newest["VERSION"], newest["CHANGED_BY"]) != (rule.version, user.name):
                return f"{newest['CHANGED_BY']} has just changed this rule. Look at it again."
            log.info("rule_changed", rule_id=rule.rule_id, version=rule.version, state=str(state))
            return None

        return self._done(write)

    def _done(self, write: Callable[[], str | None]) -> str | None:
        try:
            return write()
        except Reject as error:
            return str(error)
        except TicklakeError as error:
            return unwritten(error)
        finally:
            self._told()

    @patiently
    def _run(self, name: str, params: Params) -> list[Row]:
        return self._warehouse.rows(self._statements[name], params)


def _values(rule: Rule, state: State, user: User, clock: Clock) -> dict[str, object]:
    return {
        "rule_id": rule.rule_id,
        "version": rule.version,
        "state": str(state),
        "owner": rule.owner,
        "symbol": rule.symbol,
        "source": rule.source,
        "kind": str(rule.kind),
        "level": None if rule.level is None else str(rule.level),
        "percent": None if rule.percent is None else str(rule.percent),
        "window_s": rule.window_s,
        "once": rule.once,
        "note": rule.note,
        "changed_by": user.name,
        "changed_at": clock.now(),
    }
