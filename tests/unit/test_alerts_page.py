"""The page Alerts, its toasts and what writes its rules, over tables and alerts that a test sets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.alerts import extracts
from dashboard.alerts.desk import Desk
from dashboard.alerts.inbox import KEPT, Heard, Inbox, Listener
from dashboard.alerts.listing import Listed, State, entries, preview, rules, standing, with_fired, with_heard
from dashboard.look import Look
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW, latest_frame, snapshot
from tests.fakes.tables import FakeTables
from ticklake.alerts import alert, words
from ticklake.alerts.alert import Alert
from ticklake.alerts.draft import MOST_NOTE, Draft
from ticklake.alerts.rule import Kind, Rule
from ticklake.changes import Subject
from ticklake.errors import BrokerUnavailable, WarehouseBusy, WarehouseUnavailable
from ticklake.exporting import Format, data_file
from ticklake.roles import Role, User
from ticklake_io.records import Records
from ticklake_io.sql import Params, bind
from ticklake_io.warehouse import Row

ANA, EVE, VIC = User("ana", Role.ANALYST), User("eve", Role.ADMIN), User("vic", Role.VIEWER)
IBM = ("IBM", "simulator")
AT = NOW.replace(tzinfo=None)

RULE: dict[str, Any] = {
    "RULE_ID": "r1",
    "VERSION": 2,
    "STATE": "active",
    "OWNER": "ana",
    "SYMBOL": "IBM",
    "SOURCE": "simulator",
    "KIND": "cross_up",
    "PRICE_LEVEL": "101.50000000",
    "MOVE_PERCENT": None,
    "WINDOW_S": 0,
    "ONCE": False,
    "NOTE": "",
    "CHANGED_BY": "ana",
    "CHANGED_AT": AT - timedelta(days=1),
    "CREATED_AT": AT - timedelta(days=2),
    "TIMES": 0,
    "LAST_VERSION": 0,
    "LAST_AT": AT - timedelta(days=2),
}
KEPT_ALERT: dict[str, Any] = {
    "ALERT_ID": "a1",
    "RULE_ID": "r1",
    "RULE_VERSION": 2,
    "OWNER": "ana",
    "SYMBOL": "IBM",
    "SOURCE": "simulator",
    "KIND": "cross_up",
    "TICK_ID": "t1",
    "EVENT_TIME": AT - timedelta(hours=1),
    "KAFKA_TIME": AT - timedelta(hours=1),
    "PRICE": "101.60000000",
    "REFERENCE_PRICE": "101.50000000",
    "MOVED_PERCENT": None,
    "WINDOW_S": 0,
    "NOTE": "",
    "ACKNOWLEDGED_BY": None,
    "ACKNOWLEDGED_AT": AT - timedelta(hours=1),
}


def frame(usual: dict[str, Any], *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([usual | row for row in rows], columns=list(usual))


def said(alert_id: str = "a2", at: datetime = NOW, **more: Any) -> Alert:
    usual: dict[str, Any] = {
        "alert_id": alert_id,
        "rule_id": "r1",
        "version": 2,
        "owner": "ana",
        "symbol": "IBM",
        "source": "simulator",
        "kind": Kind.CROSS_UP,
        "tick_id": "t2",
        "event_time": at,
        "kafka_time": at,
        "price": Decimal("101.7"),
        "reference": Decimal("101.5"),
    }
    return Alert(**usual | more)


def rule(kind: Kind = Kind.CROSS_UP, **more: Any) -> Rule:
    needed = {"level": Decimal(100)} if kind.is_crossing else {"percent": Decimal("2.5"), "window_s": 600}
    usual: dict[str, Any] = {"rule_id": "r1", "version": 1, "owner": "ana", "symbol": "IBM", "source": "simulator", "kind": kind, "since": NOW}
    return Rule(**usual | needed | more)


class FakeDesk:
    """Notes what the page asks for; `answer` is what it says."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer: str | None = None

    def create(self, draft: Draft, user: User) -> str | None:
        self.asked.append(("create", draft, user))
        return self.answer

    def change(self, listed: Listed, state: State, user: User) -> str | None:
        self.asked.append((listed.rule.rule_id, state, user))
        return self.answer

    def acknowledge(self, ids: list[str], user: User) -> str | None:
        self.asked.append((*ids, user))
        return self.answer


def page(board: object, tables: object, alerts: object, desk: object, exports: object, user: object, look: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.alerts import toasts
    from dashboard.views import alerts as view

    toasts(look, alerts, user)
    view.render(look, lambda: board, tables, alerts, desk, exports, user)


def look(**more: Any) -> Look:
    from dashboard.components.palette import LIGHT
    from dashboard.look import Zone

    return Look(**{"key": IBM, "zone": Zone.EXCHANGE, "every_s": 2.0, "palette": LIGHT, "at": NOW} | more)


class Page:
    """The page in a test, and what stands behind it."""

    def __init__(self, rows: object = None, kept: object = None, user: User = ANA, **more: Any) -> None:
        self.tables = FakeTables({"alerts_rules": frame(RULE) if rows is None else rows, "alerts_inbox": frame(KEPT_ALERT) if kept is None else kept})  # type: ignore[dict-item]
        self.inbox, self.desk = Inbox(), FakeDesk()
        board = more.pop("board", snapshot(latest_frame({})).board)
        values = {"board": board, "tables": self.tables, "alerts": self.inbox, "desk": self.desk, "exports": None, "user": user, "look": look(**more)}
        self.test = AppTest.from_function(page, kwargs=values, default_timeout=30)
        self.run()

    def run(self) -> None:
        self.test.run()
        assert not self.test.exception

    def texts(self) -> str:
        return "\n".join(element.proto.body for element in self.test.get("html"))

    def click(self, key: str) -> None:
        self.test.button(key=key).click()
        self.run()


def test_an_empty_page_says_what_to_do() -> None:
    shown = Page()
    assert "No rules yet. Make the first one in the form below." in shown.texts()
    assert "No alerts yet." in shown.texts()
    assert shown.tables.asked[:2] == [("alerts_rules", Subject.APP, {}), ("alerts_inbox", Subject.APP, {})]


def test_rules_stand_with_their_state_and_the_inbox_with_times_in_the_exchanges_zone() -> None:
    shown = Page(frame(RULE, {}, {"RULE_ID": "r2", "STATE": "paused"}), frame(KEPT_ALERT, {}, {"ALERT_ID": "a0", "ACKNOWLEDGED_BY": "ben"}))
    listed, inbox = (each.value for each in shown.test.dataframe)
    assert list(listed["State"]) == ["● armed, 1.50 % away", "❚❚ paused"]
    assert list(listed["Last fired"]) == ["never", "never"]
    assert list(inbox["When"]) == ["2026-11-23 09:00:00 EST"] * 2
    assert list(inbox["Seen"]) == ["● new", "✓ ben, 2026-11-23 09:00:00 EST"]
    assert "IBM (simulator) crossed above 101.50 at 101.60" in shown.texts()


def test_what_was_heard_stands_in_the_inbox_and_counts_before_the_warehouse_has_it() -> None:
    shown = Page(frame(RULE, {"TIMES": 1}), frame(KEPT_ALERT, {}))
    shown.inbox.add(said("a1"))
    shown.inbox.add(said("a2"))
    shown.run()
    listed, inbox = (each.value for each in shown.test.dataframe)
    assert list(listed["Fired"]) == [2]
    assert len(inbox) == 2


def test_without_a_warehouse_what_was_heard_is_still_shown() -> None:
    shown = Page("The warehouse does not answer. <Run> it.", "The warehouse does not answer.")
    assert "The warehouse does not answer. &lt;Run&gt; it." in shown.texts()
    shown.inbox.add(said())
    shown.inbox.problem = "The broker does not answer."
    shown.run()
    assert len(shown.test.dataframe[0].value) == 1
    assert "The broker does not answer." in shown.texts()


def test_all_of_mine_are_acknowledged_at_once_and_trouble_is_said() -> None:
    shown = Page(kept=frame(KEPT_ALERT, {}, {"ALERT_ID": "a9", "OWNER": "ben"}))
    shown.desk.answer = "The warehouse does not answer."
    shown.click("alerts_ack_mine")
    assert shown.desk.asked == [("a1", ANA)]
    assert "The warehouse does not answer." in shown.texts()
    shown.run()
    assert "The warehouse does not answer." not in shown.texts(), "it is said once"


def test_selected_rules_are_changed_by_id() -> None:
    shown = Page(frame(RULE, {}, {"RULE_ID": "r2", "STATE": "paused"}))
    assert shown.test.button(key="alert_paused").disabled
    shown.test.session_state["alert_rules_chosen"] = ["r1", "r2"]
    shown.run()
    shown.click("alert_paused")
    shown.test.session_state["alert_rules_chosen"] = ["r1", "r2"]
    shown.run()
    shown.click("alert_deleted")
    assert shown.desk.asked == [("r1", State.PAUSED, ANA), ("r1", State.DELETED, ANA), ("r2", State.DELETED, ANA)]


def test_the_form_says_what_is_wrong_and_what_it_would_wait_for() -> None:
    shown = Page()
    shown.click("alert_make")
    assert shown.desk.asked == []
    assert "Level: The level is a price above 0" in shown.texts()
    shown.test.text_input(key="alert_number").set_value("99.5")
    shown.run()
    assert "Now at 100.00, beyond already: nothing is said until the price has been back below the level." in shown.texts()
    shown.click("alert_make")
    ((what, draft, user),) = shown.desk.asked
    assert (what, user) == ("create", ANA)
    assert draft == Draft(IBM, Kind.CROSS_UP, level="99.5")
    assert shown.test.text_input(key="alert_number").value == "", "it is ready for the next one"


def test_the_button_takes_what_was_typed_right_before_it() -> None:
    shown = Page()
    shown.test.text_input(key="alert_number").set_value("99.5")
    shown.run()
    shown.test.text_input(key="alert_number").set_value("98")
    shown.test.text_input(key="alert_note").set_value("below support")
    shown.test.checkbox(key="alert_once").check()
    shown.click("alert_make")
    assert shown.desk.asked[0][1] == Draft(IBM, Kind.CROSS_UP, level="98", once=True, note="below support")


def test_a_move_is_made_of_a_percentage_and_a_window() -> None:
    shown = Page()
    shown.test.selectbox(key="alert_kind").select(Kind.MOVE_EITHER)
    shown.run()
    shown.test.text_input(key="alert_number").set_value("2")
    shown.test.selectbox(key="alert_window").select(3_600)
    shown.run()
    assert "IBM (simulator) moves 2 % within 1 h. Now at 100.00" in shown.texts()
    shown.click("alert_make")
    assert shown.desk.asked[0][1] == Draft(IBM, Kind.MOVE_EITHER, percent="2", window_s=3_600)


def test_a_viewer_reads_and_is_told_who_may_write() -> None:
    shown = Page(frame(RULE, {}), frame(KEPT_ALERT, {}), user=VIC)
    assert "The role viewer may not change alert rules" in shown.texts()
    assert all(button.disabled for button in shown.test.button)
    assert not shown.test.text_input


def test_without_a_board_there_is_no_form_but_a_reason() -> None:
    assert "none has a price yet" in Page(board=None).texts()


def test_a_new_alert_of_mine_is_a_toast_once_and_none_while_paused() -> None:
    shown = Page()
    assert not shown.test.toast
    shown.inbox.add(said("a2", note="<b>*bold*"))
    shown.inbox.add(said("a3", owner="ben"))
    shown.run()
    (toast,) = shown.test.toast
    assert toast.value == r"IBM \(simulator\) crossed above 101\.50 at 101\.70 \(\<b\>\*bold\*\)"
    shown.run()
    assert not shown.test.toast
    for n in range(5):
        shown.inbox.add(said(f"b{n}"))
    shown.run()
    assert [each.value for each in shown.test.toast][-1] == "2 more alerts: see the page Alerts."
    paused = Page(every_s=None)
    paused.inbox.add(said())
    paused.run()
    assert not paused.test.toast


@pytest.mark.parametrize(
    ("listed", "price", "expected"),
    [
        (Listed(rule(), State.ACTIVE, "ana"), 98.0, "● armed, 2.04 % away"),
        (Listed(rule(), State.ACTIVE, "ana"), 100.0, "▲ beyond, armed again below 100"),
        (Listed(rule(Kind.CROSS_DOWN), State.ACTIVE, "ana"), 100.0, "▲ beyond, armed again above 100"),
        (Listed(rule(Kind.CROSS_DOWN), State.ACTIVE, "ana"), 101.0, "● armed, 0.99 % away"),
        (Listed(rule(), State.ACTIVE, "ana"), float("nan"), "○ no price yet"),
        (Listed(rule(), State.PAUSED, "ana"), 98.0, "❚❚ paused"),
        (Listed(rule(once=True), State.ACTIVE, "ana", 3, NOW, 1), 98.0, "✓ told, spent"),
        (Listed(rule(once=True, version=2), State.ACTIVE, "ana", 3, NOW, 1), 98.0, "● armed, 2.04 % away"),
        (Listed(rule(Kind.MOVE_UP), State.ACTIVE, "ana"), 98.0, "● armed"),
    ],
)
def test_where_a_rule_stands(listed: Listed, price: float, expected: str) -> None:
    assert standing(listed, price) == expected


def test_a_preview_says_what_is_not_known() -> None:
    assert "No price is known yet" in preview(rule(), float("nan"))
    assert "moves count from when the rule is made" in preview(rule(Kind.MOVE_DOWN), 1.0)


def test_heard_alerts_that_the_warehouse_has_are_not_counted_again() -> None:
    listed, kept = rules(frame(RULE, {"TIMES": 4, "LAST_AT": AT})), entries(frame(KEPT_ALERT, {}))
    assert with_heard(kept, [said("a1")]) == kept
    (counted,) = with_fired(listed, [said("a2"), said("a3", rule_id="other")])
    assert (counted.times, counted.last_at, counted.last_version) == (5, NOW, 2)


def test_kinds_of_a_newer_version_are_left_out() -> None:
    assert rules(frame(RULE, {"KIND": "correlation_break"})) == []
    assert entries(frame(KEPT_ALERT, {"KIND": "correlation_break"})) == []


def test_words() -> None:
    assert words.of_rule(rule(Kind.MOVE_UP, once=True)) == "IBM (simulator) rises 2.5 % within 10 min, once"
    fell = said(kind=Kind.MOVE_EITHER, moved=Decimal("-3.1415"), window_s=90, reference=Decimal("0.00000123"), price=Decimal(620_000))
    assert words.of_alert(fell) == "IBM (simulator) fell 3.14 % from 0.00000123 to 620,000 within 90 s"
    assert words.price(None) == words.window(None) == "n/a"


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(None, Kind.CROSS_UP, level="1"), {"instrument"}),
        (Draft(IBM, Kind.CROSS_UP), {"level"}),
        (Draft(IBM, Kind.CROSS_UP, level="-1"), {"level"}),
        (Draft(IBM, Kind.CROSS_UP, level="NaN"), {"level"}),
        (Draft(IBM, Kind.CROSS_UP, level="1e400"), {"level"}),
        (Draft(IBM, Kind.CROSS_UP, level="0.000000001"), {"level"}),
        (Draft(IBM, Kind.CROSS_UP, level="1,250.50"), set()),
        (Draft(IBM, Kind.MOVE_UP, percent="0"), {"percent"}),
        (Draft(IBM, Kind.MOVE_DOWN, percent="100"), {"percent"}),
        (Draft(IBM, Kind.MOVE_UP, percent="2.00001"), {"percent"}),
        (Draft(IBM, Kind.MOVE_UP, percent="100", window_s=61), {"window"}),
        (Draft(IBM, Kind.MOVE_UP, percent="2.50000", note="x" * (MOST_NOTE + 1)), {"note"}),
        (Draft(IBM, Kind.MOVE_UP, percent="2", note="one\ntwo"), {"note"}),
    ],
)
def test_a_draft_names_what_is_wrong_by_field(draft: Draft, fields: set[str]) -> None:
    assert set(draft.problems()) == fields
    if fields:
        with pytest.raises(ValueError, match=r"."):
            draft.rule("r", "ana", NOW)
    else:
        assert draft.rule("r", "ana", NOW).owner == "ana"


def test_the_inbox_is_taken_away_with_decimals_and_nothing_for_what_is_not_known() -> None:
    tables = FakeTables({"alerts_inbox": frame(KEPT_ALERT, {}, {"ALERT_ID": "a0", "ACKNOWLEDGED_BY": "ben", "MOVED_PERCENT": "2.5", "WINDOW_S": 600})})
    taken = extracts.inbox(tables)
    assert taken is not None
    assert (taken.sources, taken.as_of) == (("simulator",), NOW)
    assert list(taken.frame["PRICE"]) == [Decimal("101.6")] * 2
    assert list(taken.frame["MOVED_PERCENT"]) == [None, Decimal("2.5")]
    assert list(taken.frame["ACKNOWLEDGED_AT"].isna()) == [True, False]
    body = data_file(taken.frame, "alerts", Format.CSV).body.decode()
    assert body.splitlines()[1].endswith(',101.60000000,101.50000000,,,"",,')
    assert extracts.inbox(FakeTables({"alerts_inbox": frame(KEPT_ALERT)})) is None


# What writes.


class FakeWarehouse:
    """Answers statements by their first word; `trouble` is raised as often as it says."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Params]] = []
        self.trouble: list[Exception] = []
        self.newest: Row = {"VERSION": 1, "CHANGED_BY": "ana"}
        self.kept = 1

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        if self.trouble:
            raise self.trouble.pop()
        assert params is not None
        bind(sql, params)  # every value is there
        if "KEPT" in sql:
            return [{"KEPT": self.kept}]
        if "SELECT\n    VERSION" in sql:
            return [self.newest]
        self.written.append((sql, params))
        return []

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        raise NotImplementedError

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture
def warehouse() -> FakeWarehouse:
    return FakeWarehouse()


DRAFT = Draft(IBM, Kind.CROSS_UP, level="101.5", note="it's <b>")


def desk(warehouse: FakeWarehouse, told: Callable[[], None] = lambda: None) -> Desk:
    return Desk(warehouse, ManualClock(NOW), told)


def test_a_rule_is_kept_with_who_and_when_and_everybody_is_told(warehouse: FakeWarehouse) -> None:
    told: list[int] = []
    assert desk(warehouse, lambda: told.append(1)).create(DRAFT, ANA) is None
    ((_, params),) = warehouse.written
    assert {name: params[name] for name in ("version", "state", "owner", "level", "changed_by", "changed_at", "note")} == {
        "version": 1,
        "state": "active",
        "owner": "ana",
        "level": "101.5",
        "changed_by": "ana",
        "changed_at": NOW,
        "note": "it's <b>",
    }
    assert told == [1]


def test_who_may_not_is_told_and_nothing_is_written(warehouse: FakeWarehouse) -> None:
    listed = Listed(rule(owner="ben"), State.ACTIVE, "ben")
    assert "role viewer may not" in (desk(warehouse).create(DRAFT, VIC) or "")
    assert "role viewer may not" in (desk(warehouse).acknowledge(["a"], VIC) or "")
    assert "ben's" in (desk(warehouse).change(listed, State.PAUSED, ANA) or "")
    assert warehouse.written == []
    warehouse.newest = {"VERSION": 2, "CHANGED_BY": "eve"}
    assert desk(warehouse).change(listed, State.DELETED, EVE) is None
    assert warehouse.written[0][1]["state"] == "deleted"


def test_of_two_who_change_a_rule_the_second_is_told(warehouse: FakeWarehouse) -> None:
    warehouse.newest = {"VERSION": 2, "CHANGED_BY": "eve"}
    assert "eve has just changed this rule" in (desk(warehouse).change(Listed(rule(), State.ACTIVE, "ana"), State.PAUSED, ANA) or "")


def test_a_busy_warehouse_is_asked_again_and_one_that_is_away_is_named(warehouse: FakeWarehouse) -> None:
    warehouse.trouble = [WarehouseBusy("others write")]
    assert desk(warehouse).create(DRAFT, ANA) is None
    warehouse.trouble = [WarehouseUnavailable("gone")]
    assert "does not answer" in (desk(warehouse).create(DRAFT, ANA) or "")
    warehouse.kept = 0
    assert "not in the warehouse yet" in (desk(warehouse).acknowledge(["a"], ANA) or "")


# What listens.


class Reader:
    """A topic of alerts; `values` are polled one by one, an exception is raised."""

    def __init__(self, *values: bytes | Exception) -> None:
        self.values, self.begun, self.closed = list(values), -1, False

    def offsets_at(self, time: datetime) -> dict[int, int]:
        assert time < NOW.astimezone(UTC)
        return {0: 3}

    def begin(self, partition: int, offset: int) -> None:
        self.begun = offset

    def end_offsets(self) -> dict[int, int]:
        return {0: 3}

    def poll(self, seconds: float) -> dict[int, Records]:
        value = self.values.pop(0)
        if isinstance(value, Exception):
            raise value
        return {0: Records([self.begun], [0], [None], [value])}

    def close(self) -> None:
        self.closed = True


def test_a_listener_takes_each_alert_once_and_goes_on_where_it_was() -> None:
    inbox = Inbox()
    first = Reader(alert.encode(said("a")), alert.encode(said("a")), b"nonsense", BrokerUnavailable("away"))
    second = Reader(alert.encode(said("b")))
    readers = [first, second]
    listener = Listener(inbox, lambda: readers.pop(0), ManualClock(NOW))  # type: ignore[arg-type, return-value]
    with pytest.raises(BrokerUnavailable):
        listener.listen(lambda: True)
    assert first.closed
    listener.listen(lambda: bool(second.values))
    assert second.begun == 4
    assert [each.alert_id for each in inbox.since(0).alerts] == ["a", "b"]


def test_an_inbox_gives_what_came_since_and_no_more_than_it_keeps() -> None:
    inbox = Inbox()
    for n in range(KEPT + 10):
        inbox.add(said(str(n)))
    assert inbox.since(KEPT + 10) == Heard([], KEPT + 10)
    assert [each.alert_id for each in inbox.since(KEPT + 8).alerts] == [str(KEPT + 8), str(KEPT + 9)]
    assert len(inbox.since(0).alerts) == KEPT
