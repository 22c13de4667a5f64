"""A service's pages: what they answer, to whom, and what happens when the port is taken."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.fixtures.logs import logged
from tests.fixtures.services import HOST, free_port, listens
from ticklake.errors import ConfigError
from ticklake_io.serving import _PATIENCE_S, Pages, Verdict, serving

SETTING = "TICKLAKE_CONSUMER_HTTP_PORT"


class Service:
    """A service that is as the test says."""

    def __init__(self) -> None:
        self.port, self.registry = free_port(), CollectorRegistry()
        self.healthy, self.ready = Verdict(True, "polled 0.1 s ago"), Verdict(True, "3 partitions")
        self.state: dict[str, object] = {"lag": {"0": 7}}

    def pages(self) -> Pages:
        return Pages(self.registry, lambda: self.healthy, lambda: self.ready, lambda: self.state)

    def ask(self, path: str, method: str = "GET", timeout: float = 10.0) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"].split(";")[0], answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    with serving(HOST, service.port, service.pages(), setting=SETTING):
        yield service


def test_metrics_are_those_of_the_registry_it_was_given(service: Service) -> None:
    Counter("ticklake_test_records", "Records.", registry=service.registry).inc(3)
    status, kind, body = service.ask("/metrics?x=1")
    assert (status, kind) == (200, "text/plain")
    assert "ticklake_test_records_total 3.0" in body
    assert "python_info" not in body, "nothing comes from the library's global registry"


def test_health_and_readiness_are_told_apart_with_their_reason(service: Service) -> None:
    service.healthy, service.ready = Verdict(True, "polled 1 s ago"), Verdict(False, "waits for the broker")
    assert service.ask("/healthz") == (200, "text/plain", "polled 1 s ago\n")
    assert service.ask("/readyz") == (503, "text/plain", "waits for the broker\n")
    service.healthy, service.ready = Verdict(False, "last poll 61 s ago"), Verdict(True, "fine")
    assert service.ask("/healthz") == (503, "text/plain", "last poll 61 s ago\n")
    assert service.ask("/readyz") == (200, "text/plain", "fine\n")


def test_status_is_json(service: Service) -> None:
    status, kind, body = service.ask("/status")
    assert (status, kind, json.loads(body)) == (200, "application/json", service.state)


def test_other_pages_and_other_methods_are_refused(service: Service) -> None:
    assert service.ask("/etc/passwd")[0] == 404
    assert service.ask("/metrics", "POST")[0] == 501


def test_a_page_that_fails_is_one_log_line_and_the_next_one_answers(service: Service) -> None:
    service.state = {"secret": object()}
    with logged() as events, pytest.raises(http.client.RemoteDisconnected):
        service.ask("/status")
    assert [(each["event"], each["error"]) for each in events] == [("http_failed", "TypeError")]
    assert service.ask("/healthz")[0] == 200


def test_a_client_that_says_nothing_does_not_hold_up_others(service: Service) -> None:
    with socket.create_connection((HOST, service.port)):
        assert service.ask("/healthz", timeout=_PATIENCE_S / 2)[0] == 200


def test_the_server_ends_with_its_block() -> None:
    service = Service()
    with serving(HOST, service.port, service.pages(), setting=SETTING):
        assert listens(service.port)
    assert not listens(service.port)
    assert "http" not in {thread.name for thread in threading.enumerate()}


def test_port_0_is_no_server() -> None:
    with serving(HOST, 0, Service().pages(), setting=SETTING):
        assert "http" not in {thread.name for thread in threading.enumerate()}


def test_a_port_in_use_names_the_setting_in_one_line(service: Service) -> None:
    with pytest.raises(ConfigError, match=f"^{SETTING}: cannot listen on {HOST}:{service.port} .*in use.*another port") as caught:
        serving(HOST, service.port, service.pages(), setting=SETTING).__enter__()
    assert "\n" not in str(caught.value)
