"""A service ends with a status that says why, begins anew after an outage, and says now and then how it stands."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Iterator

import pytest

from streaming import service
from streaming.shutdown import Shutdown
from tests.fakes.clock import ManualClock
from tests.fixtures.logs import logged
from ticklake.errors import BrokerUnavailable, ChainBroken, ConfigError, TicklakeError
from ticklake.settings import Settings


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[queue.Queue[int]]:
    """The statuses with which a spent budget would end the process, of a service whose settings are complete."""
    for name in ("KAFKA_BOOTSTRAP", "S3_BUCKET", "WAREHOUSE_ACCOUNT", "WAREHOUSE_USER"):
        monkeypatch.setenv(f"TICKLAKE_{name}", "any")
    statuses = queue.Queue[int]()
    monkeypatch.setattr(service, "Shutdown", lambda stop, budget_s, _: Shutdown(stop, budget_s, ManualClock(), end=statuses.put))
    monkeypatch.setattr(service.streaming_log, "configure", lambda: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield statuses
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("error", "status"), [(ConfigError("port"), 2), (ChainBroken("hole"), 1), (BrokerUnavailable("away"), 1)])
def test_an_error_is_the_exit_status_also_of_what_hangs_then(ended: queue.Queue[int], error: TicklakeError, status: int) -> None:
    def serve(_settings: Settings, _shutdown: Shutdown) -> None:
        raise error

    assert service.main(serve) == status
    assert ended.get(timeout=10) == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_stop_and_no_error(ended: queue.Queue[int], number: signal.Signals) -> None:
    def serve(_settings: Settings, shutdown: Shutdown) -> None:
        shutdown.status = 1
        os.kill(os.getpid(), number)
        assert shutdown.stop.wait(10)
        assert ended.get(timeout=10) == 1, "what hangs before the end ends with what the service says"

    assert service.main(serve) == 0


def test_a_wrong_setting_is_named_before_anything_begins(ended: queue.Queue[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKLAKE_SHUTDOWN_S", "soon")
    with logged() as logs:
        assert service.main(lambda _settings, _shutdown: pytest.fail("it began")) == 2
    assert "TICKLAKE_SHUTDOWN_S" in logs[0]["reason"]
    assert ended.empty()


def test_after_an_outage_it_lets_go_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAUSE_S", 0.0)
    stop, seen = threading.Event(), list[str]()

    def run() -> None:
        seen.append("run")
        if len(seen) < 4:
            raise BrokerUnavailable("away")
        stop.set()

    service.anew(run, lambda: seen.append("let go"), stop)
    assert seen == ["run", "let go", "run", "let go", "run"]


def test_what_must_not_go_on_does_not() -> None:
    def run() -> None:
        raise ChainBroken("hole")

    with pytest.raises(ChainBroken):
        service.anew(run, lambda: pytest.fail("nothing begins anew"), threading.Event())


def test_figures_are_told_once_a_minute() -> None:
    clock, stop, turns = ManualClock(), threading.Event(), list[int]()

    def turn() -> None:
        turns.append(len(turns))
        clock.advance(7.0)
        if len(turns) == 20:
            stop.set()

    with logged() as logs:
        service.turns(turn, lambda: {"turns": len(turns)}, stop, clock)
    assert [(each["event"], each["turns"]) for each in logs] == [("progress", 9), ("progress", 18)]
