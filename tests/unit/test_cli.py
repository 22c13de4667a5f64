"""The command: what it prints where, and its exit status."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ticklake.errors import BadObject, BrokerUnavailable, ChainBroken, ConfigError, TicklakeError
from ticklake_cli import logs, main, sql_command, status

ENVIRONMENT = {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "S3_BUCKET": "b", "WAREHOUSE_ACCOUNT": "a", "WAREHOUSE_USER": "u"}
ROWS: list[dict[str, Any]] = [
    {"PRICE": Decimal("1.00000001"), "SIZE": Decimal("100"), "AT": datetime.fromisoformat("2026-11-23T14:30:00.000005"), "VENUE": None},
    {"PRICE": Decimal("20"), "SIZE": Decimal("7"), "AT": datetime.fromisoformat("2026-11-23T14:31:00"), "VENUE": "Q,N"},
]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings that lead nowhere, and an instance that was never up."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(f"TICKLAKE_{name}", value)
    monkeypatch.setenv("TICKLAKE_HOME", str(tmp_path))


def ticklake(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the command with these arguments."""
    monkeypatch.setattr("sys.argv", ["ticklake", *arguments])
    try:
        return main.main()
    except SystemExit as left:
        return int(left.code or 0)


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigError("no key"), 2), (BrokerUnavailable("no broker"), 1), (ChainBroken("torn"), 1), (BadObject("k", "bad"), 1)]
)
def test_an_error_is_one_line_and_its_type_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: TicklakeError, code: int
) -> None:
    def fails(*_: object) -> int:
        raise error

    monkeypatch.setattr(status, "run", fails)
    assert ticklake(monkeypatch, "status") == code
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"ticklake status: {error}\n")


@pytest.mark.parametrize("code", [0, 1])
def test_without_an_error_the_status_is_the_command_s(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(status, "run", lambda *_: code)
    assert ticklake(monkeypatch, "status") == code


def test_a_missing_setting_names_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TICKLAKE_S3_BUCKET")
    assert ticklake(monkeypatch, "status") == 2
    assert "TICKLAKE_S3_BUCKET" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("nope",), ("sql",), ("logs", "nobody")])
def test_wrong_usage_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert ticklake(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "usage: ticklake" in told.err
    assert "Traceback" not in told.err


def test_a_component_without_a_log_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ticklake(monkeypatch, "logs", "broker") == 2
    assert capsys.readouterr().err.startswith("ticklake logs: broker has no log yet")


def test_the_end_of_a_log_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = logs.Instance.current().log_path("broker")
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\nthree\n")
    assert ticklake(monkeypatch, "logs", "broker", "--lines", "2") == 0
    assert capsys.readouterr().out == "two\nthree\n"


def test_a_source_that_works_shows_a_tick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ticklake(monkeypatch, "source", "check", "simulator") == 0
    works, symbols = capsys.readouterr().out.splitlines()
    assert json.loads(works.removeprefix("simulator works: "))["source"] == "simulator"
    assert symbols.startswith("symbols: AAPL, MSFT, ")
    assert symbols.endswith(" and 21 more")


class RowsWarehouse:
    """Answers every statement with the same rows."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def rows(self, statement: str) -> list[dict[str, Any]]:
        return self._rows

    def close(self) -> None:
        pass


@pytest.fixture(params=["rows", "none"])
def rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the warehouse answers."""
    found = ROWS if request.param == "rows" else []
    monkeypatch.setattr(sql_command, "open_warehouse", lambda *_, **__: RowsWarehouse(found))
    return found


PRINTED = {
    "json": (
        '[{"PRICE": "1.00000001", "SIZE": 100, "AT": "2026-11-23T14:30:00.000005", "VENUE": null}, '
        '{"PRICE": 20, "SIZE": 7, "AT": "2026-11-23T14:31:00", "VENUE": "Q,N"}]\n',
        "[]\n",
    ),
    "csv": ('PRICE,SIZE,AT,VENUE\n1.00000001,100,2026-11-23T14:30:00.000005,\n20,7,2026-11-23T14:31:00,"Q,N"\n', "\n"),
    "table": (
        "PRICE       SIZE  AT                          VENUE\n"
        "1.00000001  100   2026-11-23T14:30:00.000005\n"
        "20          7     2026-11-23T14:31:00         Q,N\n",
        "\n",
    ),
}


@pytest.mark.parametrize("style", PRINTED)
def test_rows_are_printed_with_their_digits_times_and_nulls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]], style: str
) -> None:
    assert ticklake(monkeypatch, "sql", "SELECT 1", "--format", style) == 0
    full, empty = PRINTED[style]
    assert capsys.readouterr().out.replace("\r\n", "\n") == (full if rows else empty)
