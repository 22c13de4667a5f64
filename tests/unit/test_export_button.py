"""The export button as people use it."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.exports.desk import Archive
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, minute_bars
from ticklake.exporting import Format
from ticklake.roles import Role, User

RECENT = pd.DataFrame({"EXPORTED_AT": [NOW], "EXPORTED_BY": ["ada"], "PAGE": ["chart"]})


class FakeExports:
    """Answers as it is told; `asked` are the calls."""

    def __init__(self, made: Reading[Archive]) -> None:
        self.made = made
        self.asked: list[tuple[int, Format, str]] = []

    def make(self, extract: object, file_format: Format, user: User) -> Reading[Archive]:
        self.asked.append((len(extract.frame), file_format, user.name))  # type: ignore[attr-defined]
        return self.made

    def recent(self) -> Reading[pd.DataFrame]:
        return Reading(RECENT)


def page(exports: object, user: object, frame: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.components import export_button
    from dashboard.exports.desk import Extract

    export_button.export(exports, user, lambda: None if frame is None else Extract(frame, "IBM", "chart", "q", now))  # type: ignore[arg-type]


def opened(exports: FakeExports, frame: pd.DataFrame | None, role: Role = Role.ANALYST) -> AppTest:
    test = AppTest.from_function(page, kwargs={"exports": exports, "user": User("ada", role), "frame": frame, "now": NOW}, default_timeout=30)
    test.session_state["export-open"] = True
    test.run()
    assert not test.exception
    return test


@pytest.mark.parametrize("file_format", list(Format))
def test_a_file_is_made_when_asked_for_and_then_offered(file_format: Format) -> None:
    exports = FakeExports(Reading(Archive("IBM.csv.zip", b"zip", "IBM.csv", 12_345, "ab" * 32)))
    test = opened(exports, minute_bars(7))
    assert not test.get("download_button")
    test.button(key=f"export-{file_format}").click().run()
    assert not test.exception
    assert exports.asked == [(7, file_format, "ada")]
    (button,) = test.get("download_button")
    assert button.label == "Download IBM.csv"
    assert "12,345 rows" in test.caption[0].value
    assert test.code[0].value == "ab" * 32
    assert list(test.dataframe[0].value["EXPORTED_BY"]) == ["ada"]


def test_why_there_is_no_file_is_said_and_nothing_is_offered() -> None:
    test = opened(FakeExports(Reading(None, "Prices of <x> are licensed for display only.")), minute_bars(1))
    test.button(key="export-csv").click().run()
    assert "Prices of &lt;x&gt; are licensed" in test.get("html")[0].proto.body
    assert not test.get("download_button")


def test_an_empty_screen_is_not_exported() -> None:
    exports = FakeExports(Reading(None))
    test = opened(exports, None)
    test.button(key="export-csv").click().run()
    assert "nothing on screen" in test.get("html")[0].proto.body
    assert exports.asked == []


def test_who_may_only_look_is_told_so() -> None:
    test = opened(FakeExports(Reading(None)), minute_bars(1), Role.VIEWER)
    assert "The role viewer may not export data" in test.get("html")[0].proto.body
    assert not test.button


def test_a_closed_button_asks_for_nothing() -> None:
    class Untouched(FakeExports):
        def recent(self) -> Reading[pd.DataFrame]:
            raise AssertionError

    test = AppTest.from_function(page, kwargs={"exports": Untouched(Reading(None)), "user": User("ada", Role.ANALYST), "frame": None, "now": NOW}).run()
    assert not test.exception
