"""The loop that holds a WebSocket open, against real sockets and a dialect of one word a message."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from queue import Queue

import pytest
from websockets import http11
from websockets.server import ServerProtocol

from streaming.producer import dialing, stream
from streaming.producer.source import Request
from streaming.producer.stream import Stream, wanted
from tests.fakes.chance import Longest
from tests.fakes.clock import ManualClock
from tests.fakes.websocket_server import HOST, Close, Conversation, Drop, Heard, MisbehavingServer, Refuse
from tests.fixtures.logs import logged
from ticklake.clock import SystemClock
from ticklake.errors import BadPayload, ConfigError, Reject, Retry, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.instruments import Instruments, SourceSymbols
from ticklake.patience import Patience
from ticklake.tick import Tick

LIMIT_S = 10.0
SECRET = "a-key-of-nobody"
TIME = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


class Words:
    """`A1` is tick 1 of symbol A, `gap` says that three messages are missing, `bad` is no market data."""

    name = "words"
    terms = "ten words a day"

    def __init__(self, url: str, silence_s: float = 60.0) -> None:
        self._url, self.silence_s = url, silence_s

    def url(self) -> str:
        return f"{self._url}/?token={SECRET}"

    def open(self, on_gap: Callable[[int], None]) -> WordsSession:
        return WordsSession(on_gap)


class WordsSession:
    def __init__(self, on_gap: Callable[[int], None]) -> None:
        self._on_gap = on_gap

    def greeting(self) -> Iterable[str]:
        return ["hello"]

    def subscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return ["+" + "".join(symbols)]

    def unsubscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return ["-" + "".join(symbols)]

    def read(self, message: bytes) -> Iterator[Tick | Reject]:
        word = message.decode()
        if word == "gap":
            self._on_gap(3)
        elif word == "refused":
            raise SourceRefused("words refuses the key")
        elif word == "bad":
            yield BadPayload("words", "no market data")
        else:
            yield Tick(
                tick_id=word,
                symbol=word[0],
                kind="trade",
                event_time=TIME,
                received_at=TIME,
                price="1",
                source="words",
                feed="realtime",
                sequence=int(word[1:]),
            )


class ShiftedClock(SystemClock):
    """The machine's clock, which a test can move forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


class Impatience(Patience):
    """Waits for nothing, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), random.Random(1))
        self.told: list[TicklakeError | str] = []

    def failed(self, error: Retry | None = None) -> float:
        self.told.append(error or "failed")
        return 0.0

    def succeeded(self) -> None:
        self.told.append("succeeded")


class Running:
    """A stream in a thread, as the producer runs it."""

    def __init__(self, url: str, symbols: Iterable[str] = "A", silence_s: float = 60.0) -> None:
        self.clock, self.patience = ShiftedClock(), Impatience()
        self.symbols = frozenset(symbols)
        self.source = Stream(Words(url, silence_s), lambda: self.symbols, self.clock, self.patience)
        self.stop = threading.Event()
        self.items: Queue[Tick | TicklakeError | None] = Queue()
        self.thread = threading.Thread(target=self._run)

    def words(self, number: int) -> list[str]:
        """The next ticks by their ids, rejects by their type."""
        items = [self.items.get(timeout=LIMIT_S) for _ in range(number)]
        return [item.tick_id if isinstance(item, Tick) else type(item).__name__ for item in items]

    def _run(self) -> None:
        try:
            for item in self.source.ticks(self.stop.wait):
                self.items.put(item)
        except TicklakeError as error:
            self.items.put(error)
        self.items.put(None)


@contextmanager
def running(url: str, symbols: Iterable[str] = "A", silence_s: float = 60.0) -> Iterator[Running]:
    """Stopped at the end, within a second."""
    run = Running(url, symbols, silence_s)
    run.thread.start()
    try:
        yield run
    finally:
        run.stop.set()
        run.thread.join(1.0)
        alive = run.thread.is_alive()
        run.thread.join(LIMIT_S)
        assert not alive, "a stop takes longer than a second"


@contextmanager
def mute_server() -> Iterator[str]:
    """Takes connections and never answers the handshake."""
    with socket.create_server((HOST, 0)) as server:
        yield f"ws://{HOST}:{server.getsockname()[1]}"


@contextmanager
def deaf_server() -> Iterator[tuple[str, threading.Event]]:
    """Answers the handshake, is greeted, which sets the event, and hears nothing from then on: no goodbye either."""
    greeted, peers = threading.Event(), ExitStack()

    def admit(server: socket.socket) -> None:
        peer = peers.enter_context(server.accept()[0])
        protocol = ServerProtocol()
        protocol.receive_data(peer.recv(65536))
        (request,) = protocol.events_received()
        assert isinstance(request, http11.Request)
        protocol.send_response(protocol.accept(request))
        peer.sendall(b"".join(protocol.data_to_send()))
        peer.recv(1)
        greeted.set()

    with socket.create_server((HOST, 0)) as server, peers:
        thread = threading.Thread(target=admit, args=(server,))
        thread.start()
        yield f"ws://{HOST}:{server.getsockname()[1]}", greeted
        thread.join()


def test_it_greets_subscribes_and_says_so() -> None:
    with MisbehavingServer((Heard("+AB"), "A1", "bad", "B1")) as server, running(server.url, "BA") as run:
        assert run.words(3) == ["A1", "BadPayload", "B1"]
        assert server.heard == ["hello", "+AB"]
        assert (run.source.health().state, run.source.health().detail) == ("ok", "connected, 2 symbols")


def test_a_goodbye_is_no_failure_and_after_it_everything_is_asked_for_again() -> None:
    with MisbehavingServer((Heard("+A"), "A1", Close(1001)), (Heard("+A"), "A2")) as server, running(server.url) as run:
        assert run.words(2) == ["A1", "A2"]
        health = run.source.health()
        assert (health.reconnects, dict(health.errors), health.state) == (1, {}, "ok")


@pytest.mark.parametrize("end", [Drop(), Close(1011), "x" * 1_100_000])
def test_a_lost_connection_is_counted_and_opened_again(end: Drop | Close | str) -> None:
    with MisbehavingServer((Heard("+A"), "A1", end), (Heard("+A"), "A2")) as server, running(server.url) as run:
        assert run.words(2 + isinstance(end, str)) == ["A1", *(["BadPayload"] if isinstance(end, str) else []), "A2"]
        health = run.source.health()
        assert (health.reconnects, dict(health.errors)) == (1, {"SourceUnavailable": 1})


def test_silence_ends_a_connection() -> None:
    with MisbehavingServer((Heard("+A"), "A1"), (Heard("+A"), "A2")) as server, running(server.url, silence_s=0.3) as run:
        assert run.words(2) == ["A1", "A2"]
        assert str(run.patience.told[0]) == "words was silent for 0.3 s"


def test_what_is_repeated_after_a_break_is_not_sent_again() -> None:
    with MisbehavingServer((Heard("+A"), "A1", "A2", Drop()), (Heard("+A"), "A1", "A2", "A3")) as server, running(server.url) as run:
        assert run.words(3) == ["A1", "A2", "A3"]


def test_memory_of_what_was_sent_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "REMEMBERED", 2)
    with MisbehavingServer((Heard("+A"), "A1", "A2", "A2", "A3", "A1", "B1")) as server, running(server.url, "AB") as run:
        assert run.words(5) == ["A1", "A2", "A3", "A1", "B1"]
        assert {symbol: len(ids) for symbol, ids in run.source._recent.items()} == {"A": 2, "B": 1}


def test_a_symbol_that_was_not_asked_for_is_a_reject_and_not_remembered() -> None:
    with MisbehavingServer((Heard("+A"), "Z1", "A1")) as server, running(server.url) as run:
        assert run.words(2) == ["BadPayload", "A1"]
        assert set(run.source._recent) == {"A"}


def test_a_gap_is_counted_and_all_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FOLLOW_S", 0.05)
    with MisbehavingServer((Heard("+AB"), "gap", Heard("-AB"), Heard("+AB"), "A1")) as server, running(server.url, "AB") as run:
        assert run.words(1) == ["A1"]
        health = run.source.health()
        assert (health.gaps, health.reconnects) == (1, 0)


def test_subscriptions_follow_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FOLLOW_S", 0.05)
    with MisbehavingServer() as server, running(server.url, "") as run:
        assert server.wait_for("hello")
        run.symbols = frozenset("AB")
        assert server.wait_for("+AB")
        run.symbols = frozenset("BC")
        assert server.wait_for("+C")
        run.symbols = frozenset()
        assert server.wait_for("-BC")
        assert server.heard == ["hello", "+AB", "-A", "+C", "-BC"]


@pytest.mark.parametrize(
    ("refusal", "after_s"),
    [
        (Refuse(503), None),
        (Refuse(429, retry_after="7"), 7.0),
        (Refuse(503, retry_after="soon"), None),
        (Refuse(503, retry_after="Mon, 23 Nov 1998 00:00:00 GMT"), 0.0),
    ],
)
def test_a_provider_that_asks_for_patience_is_given_it(refusal: Refuse, after_s: float | None) -> None:
    with MisbehavingServer(refusal, (Heard("+A"), "A1")) as server, running(server.url) as run:
        assert run.words(1) == ["A1"]
        error = run.patience.told[0]
        assert isinstance(error, SourceUnavailable)
        assert error.after_s == after_s


@pytest.mark.parametrize(
    ("end", "level", "event"),
    [(Refuse(503), "warning", "source_lost"), ((Drop(),), "warning", "source_lost"), ((Close(),), "info", "source_closed")],
)
def test_a_provider_that_keeps_failing_is_left_alone_ever_longer(end: Conversation, level: str, event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SystemRandom", Longest)
    clock, waits = ManualClock(), list[float]()

    def wait(seconds: float) -> bool:
        if seconds < stream.FIRST_WAIT_S:  # for an answer of the server
            return threading.Event().wait(seconds)
        waits.append(seconds)
        clock.advance(seconds)
        return len(waits) == 7

    with MisbehavingServer(*[end] * 7) as server, logged() as events:
        assert not list(Stream(Words(server.url), lambda: frozenset("A"), clock).ticks(wait))
    assert waits == [0.5, 1, 2, 4, 60, 60, 60]
    assert [each["seconds"] for each in events if (each["event"], each["log_level"]) == (event, level)] == waits


def test_a_refused_key_ends_the_source() -> None:
    for script in ([Refuse(401)], [Refuse(403)], [(Heard("+A"), "refused")]):
        with MisbehavingServer(*script) as server, running(server.url) as run:
            assert run.words(1) == ["SourceRefused"]
            assert run.items.get(timeout=LIMIT_S) is None
            assert run.source.health().state == "refused"


def test_a_connection_that_lasts_makes_up_for_failures() -> None:
    with MisbehavingServer((Heard("+A"), "A1", Heard("never")), (Heard("+A"), "A2", Close())) as server, running(server.url, silence_s=100) as run:
        assert run.words(1) == ["A1"]
        run.clock.ahead_s = stream.STABLE_S + 101
        assert run.words(1) == ["A2"]
        assert run.patience.told[:1] == ["succeeded"]
        assert server.wait_for_connections(open=1, closed=2)
        assert run.patience.told.count("succeeded") == 1


def test_a_stop_does_not_wait_for_a_provider_that_does_not_answer() -> None:
    with mute_server() as url, running(url) as run:
        run.thread.join(0.2)
        assert run.thread.is_alive()


def test_a_connection_that_opens_after_a_stop_is_closed() -> None:
    with MisbehavingServer() as server:
        assert dialing.dial("words", server.url, lambda _: True, SystemClock()) is None
        assert server.wait_for_connections(open=0, closed=1)


def test_a_stop_does_not_wait_for_a_goodbye() -> None:
    with deaf_server() as (url, greeted), running(url):
        assert greeted.wait(LIMIT_S)


def test_a_stop_closes_the_connection() -> None:
    with MisbehavingServer() as server:
        with running(server.url):
            assert server.wait_for("+A")
        assert server.wait_for_connections(open=0, closed=1)


def test_a_caller_that_stops_asking_closes_the_connection() -> None:
    with MisbehavingServer((Heard("+A"), "A1")) as server:
        items = Stream(Words(server.url), lambda: frozenset("A"), SystemClock()).ticks(threading.Event().wait)
        assert next(items)
        items.close()  # type: ignore[attr-defined]
        assert server.wait_for_connections(open=0, closed=1)


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        ("ws://127.0.0.1:1", SourceUnavailable, "words cannot be reached (Connection refused)"),
        ("http://127.0.0.1:1", ConfigError, "TICKLAKE_WORDS_URL is no address of a WebSocket"),
        ("mute", SourceUnavailable, "words does not answer within 0.2 s"),
        ("tls", SourceUnavailable, "words cannot be reached"),
    ],
)
def test_why_it_cannot_connect_is_told_without_the_address(url: str, kind: type[TicklakeError], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing, "OPEN_S", 0.2)
    with mute_server() as mute, MisbehavingServer() as server:
        real = Words({"mute": mute, "tls": server.url.replace("ws:", "wss:")}.get(url, url)).url()
        with pytest.raises(kind) as caught:
            dialing.dial("words", real, threading.Event().wait, SystemClock())
    assert str(caught.value).startswith(reason)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_check_says_what_a_key_is_good_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHECK_S", 0.5)
    for script, says, sample in [
        ((Heard("+A"), "bad", "bad", "A1"), ("ten words a day", "words: no market data"), "A1"),
        ((Heard("+A"), "bad"), ("ten words a day", "no tick within 0.5 s: are the exchanges open?", "words: no market data"), None),
    ]:
        with MisbehavingServer(script) as server:
            found = Stream(Words(server.url), lambda: frozenset("A"), SystemClock()).check(threading.Event().wait)
            assert server.wait_for_connections(open=0, closed=1)
        assert (found.says, found.sample and found.sample.tick_id) == (says, sample)
    with MisbehavingServer(Refuse(401)) as server, pytest.raises(SourceRefused):
        Stream(Words(server.url), lambda: frozenset("A"), SystemClock()).check(threading.Event().wait)
    with pytest.raises(SourceUnavailable):
        Stream(Words("ws://127.0.0.1:1"), lambda: frozenset("A"), SystemClock()).check(threading.Event().wait)


def test_what_is_wanted_comes_from_the_caller_else_from_the_request_else_from_the_file() -> None:
    listed = Instruments((), {"words": SourceSymbols(("A",))})
    assert wanted("words", Request(), listed)() == {"A"}
    assert wanted("words", Request(symbols=("B",)), listed)() == {"B"}
    assert wanted("words", Request(symbols=("B",), wanted=lambda: frozenset("C")), listed)() == {"C"}
    with pytest.raises(ConfigError, match="others has no symbols"):
        wanted("others", Request(), listed)
