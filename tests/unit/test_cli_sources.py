"""What the command tells of sources: of those that the producer runs, and of one that is checked by hand."""

from __future__ import annotations

import argparse
import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from streaming.producer.source import Checkup, Wait, running
from tests.fakes.producer import ListSource
from tests.fixtures import services
from tests.unit.test_producer import tick
from ticklake.errors import BadLine, ConfigError, SourceRefused
from ticklake.freshness import Reading
from ticklake.settings import Settings
from ticklake_cli import source_check, status
from ticklake_io import producing
from ticklake_io.producing import Producing, SourceLine, expects_ticks
from ticklake_io.readings import Look
from ticklake_io.serving import Pages, Verdict, serving

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
LINE = SourceLine("finnhub", "refused", 5, True, 7, {"SourceRefused": 1}, "wrong key")
YAML = """
sources:
  coinbase: {symbols: [BTC-USD]}
instruments:
  - {symbol: BTC-USD, name: Bitcoin, calendar: 24/7, primary: coinbase}
  - {symbol: AAPL, name: Apple, calendar: XNAS, primary: finnhub, standby: [alphavantage]}
  - {symbol: MSFT, name: Microsoft, calendar: XNAS, primary: simulator}
"""


def answering(port: int, report: object) -> AbstractContextManager[None]:
    """A producer whose /status is `report`."""
    pages = Pages(CollectorRegistry(), lambda: Verdict(True, ""), lambda: Verdict(True, ""), lambda: report)  # type: ignore[arg-type,return-value]
    return serving(services.HOST, port, pages, setting="TICKLAKE_PRODUCER_HTTP_PORT")


def place(port: int, **values: object) -> Settings:
    return services.settings(http_host=services.HOST, producer_http_port=port, **values)


def test_what_the_producer_answers_is_read() -> None:
    port = services.free_port()
    line = {name: getattr(LINE, name) for name in LINE.__struct_fields__}
    with answering(port, {"sources": [line], "standing_in": {"AAPL": "alphavantage"}}):
        told = producing.ask(place(port))
        elsewhere = producing.ask(place(0, producer_status_url=f"http://{services.HOST}:{port}/status"))
    assert told == elsewhere == Producing((LINE,), {"AAPL": "alphavantage"})


@pytest.mark.parametrize("report", [["something", "else"], {"sources": [{"name": "x"}]}])
def test_another_service_on_that_port_is_not_believed(report: object) -> None:
    port = services.free_port()
    with answering(port, report):
        assert producing.ask(place(port)) == Producing()


@pytest.mark.parametrize("port", [0, services.free_port()])
def test_a_producer_that_does_not_answer_says_nothing(port: int) -> None:
    assert producing.ask(place(port)) == Producing()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is well, as far as the rest of the platform goes."""
    monkeypatch.setattr(status, "components", lambda _: [])
    monkeypatch.setattr(status, "look", lambda *_: Look(dict.fromkeys(("event", "lake", "warehouse"), Reading(1.0, 0.0)), {"t": 3}, None))
    monkeypatch.setattr(producing, "ask", lambda _: Producing((LINE,), {"AAPL": "alphavantage"}))


def test_status_has_the_sources_beside_what_it_always_had(platform: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(argparse.Namespace(json=True), services.settings()) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"ok", "components", "freshness", "hops", "cause", "lag", "urls", "sources", "standing_in"}
    assert told["sources"] == [
        {"name": "finnhub", "state": "refused", "symbols": 5, "steady": True, "calls_left": 7, "errors": {"SourceRefused": 1}, "detail": "wrong key"}
    ]
    assert told["standing_in"] == {"AAPL": "alphavantage"}


def test_status_shows_them_to_people_too(platform: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(argparse.Namespace(json=False), services.settings()) == 0
    told = capsys.readouterr().out
    assert "finnhub       refused       5 symbols  7 calls left; 1 SourceRefused; wrong key\n" in told
    assert "AAPL          alphavantage stands in\n" in told


@pytest.mark.usefixtures("platform")
def test_without_an_answer_there_are_no_sources_and_that_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(producing, "ask", lambda _: Producing())
    assert status.run(argparse.Namespace(json=True), services.settings()) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sources"], told["standing_in"]) == ([], {})


@pytest.mark.parametrize(
    ("sources", "hours", "now", "expected"),
    [
        ("simulator", "always", SUNDAY, True),
        ("simulator", "exchange", SUNDAY, False),
        ("simulator", "exchange", MONDAY, True),
        ("coinbase", "exchange", SUNDAY, True),
        ("coinbase", "always", SUNDAY, True),
        ("finnhub", "always", SUNDAY, False),
        ("finnhub", "always", MONDAY, True),
        ("simulator,finnhub", "exchange", SUNDAY, False),
        ("finnhub, coinbase", "always", SUNDAY, True),
    ],
)
def test_silence_is_a_fault_while_an_exchange_is_open_that_a_running_source_follows(
    tmp_path: Path, sources: str, hours: str, now: datetime, expected: bool
) -> None:
    file = tmp_path / "ticklake.yaml"
    file.write_text(YAML)
    place = services.settings(sources=sources, simulator_hours=hours, config_file=file)
    assert expects_ticks(place, running(place), now, Producing()) is expected


def test_a_source_that_is_ordinarily_silent_owes_no_tick(tmp_path: Path) -> None:
    file = tmp_path / "ticklake.yaml"
    file.write_text(YAML)
    told = Producing((SourceLine("finnhub", "ok", 5, False, 7, {}, ""),))
    place = services.settings(config_file=file)
    assert not expects_ticks(place, ["finnhub"], MONDAY, told)
    assert expects_ticks(place, ["finnhub", "coinbase"], MONDAY, told)


@pytest.mark.parametrize("sources", ["", " , ", "simulator,simulator", "simulator,nope"])
def test_sources_that_cannot_run_are_named(sources: str) -> None:
    with pytest.raises(ConfigError, match=r"TICKLAKE_SOURCES: (nothing|simulator|nope); name each source once"):
        running(services.settings(sources=sources))


class Keyed(ListSource):
    """A source with a key."""

    def __init__(self, checkup: Checkup | Exception) -> None:
        super().__init__([], "finnhub")
        self._checkup = checkup

    def check(self, wait: Wait) -> Checkup:
        if isinstance(self._checkup, Exception):
            raise self._checkup
        return self._checkup


def check(monkeypatch: pytest.MonkeyPatch, folder: Path, source: ListSource) -> int:
    """The exit status of a check of `source`."""
    file = folder / "ticklake.yaml"
    file.write_text(YAML)
    monkeypatch.setattr(source_check, "create", lambda *_: source)
    return source_check.run(argparse.Namespace(name=source.name, file=None), services.settings(config_file=file))


def test_a_check_tells_what_the_key_may_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(monkeypatch, tmp_path, Keyed(Checkup(("free plan", "24 calls left"), tick(7)))) == 0
    works, *rest = capsys.readouterr().out.splitlines()
    assert json.loads(works.removeprefix("finnhub works: "))["tick_id"] == "x-7"
    assert rest == ["symbols: AAPL", "free plan", "24 calls left"]


def test_a_key_that_works_while_the_exchange_is_closed_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(monkeypatch, tmp_path, Keyed(Checkup(("free plan",)))) == 0
    assert capsys.readouterr().out.startswith("finnhub works: it answers, and has no tick now\n")


def test_a_refused_key_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceRefused, match="the key is wrong"):
        check(monkeypatch, tmp_path, Keyed(SourceRefused("the key is wrong")))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("items", "says"), [([BadLine("f", 3, "no price")], "f, line 3: no price"), ([], "no tick within 30 s")])
def test_a_source_that_gives_no_tick_does_not_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], items: list[Exception], says: str
) -> None:
    assert check(monkeypatch, tmp_path, ListSource(items, "finnhub")) == 1
    assert capsys.readouterr() == ("", f"finnhub: {says}\n")
