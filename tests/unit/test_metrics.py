"""The consumer's metrics say what the loop did, advance while it is idle, and are all documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streaming.consumer.metrics import PREFIX, Metrics
from streaming.consumer.progress import KINDS, Progress
from tests.fakes.clock import ManualClock

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


class Scraped:
    """Metrics over a progress that the test writes."""

    def __init__(self) -> None:
        self.clock, self.registry = ManualClock(), CollectorRegistry()
        self.progress = Progress(self.clock.monotonic())
        self.metrics = Metrics(self.registry, self.progress, self.clock)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"{PREFIX}_{name}", labels)

    def names(self) -> set[str]:
        """What stands in the text that Prometheus reads, those aside that its library adds."""
        return {name for name in re.findall(r"^# TYPE (\S+)", generate_latest(self.registry).decode(), re.MULTILINE) if not name.endswith("_created")}


@pytest.fixture
def scraped() -> Scraped:
    return Scraped()


def test_every_metric_is_in_the_table_and_every_row_of_it_is_a_metric(scraped: Scraped) -> None:
    documented = re.findall(rf"^\| `({PREFIX}_\w+)(?:{{[^`]*}})?` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(scraped.names())


def test_every_reason_of_a_flush_is_in_the_table() -> None:
    (row,) = re.findall(rf"^\| `{PREFIX}_flushes_total.*$", PAGE.read_text(), re.MULTILINE)
    assert all(kind in row for kind in KINDS)


def test_the_age_of_what_is_held_advances_while_nothing_else_happens(scraped: Scraped) -> None:
    assert scraped.value("oldest_buffered_seconds") == 0.0
    scraped.progress.held_since = scraped.clock.monotonic()
    scraped.clock.advance(7)
    assert scraped.value("oldest_buffered_seconds") == 7.0
    assert scraped.value("last_poll_seconds") == 7.0


def test_a_partition_that_went_away_has_no_lag_any_more(scraped: Scraped) -> None:
    scraped.progress.lag = {0: 3, 1: 4}
    assert (scraped.value("lag_records", partition="1"), scraped.value("partitions")) == (4.0, 2.0)
    scraped.progress.lag = {0: 3}
    assert (scraped.value("lag_records", partition="1"), scraped.value("partitions")) == (None, 1.0)


def test_tries_at_the_store_are_timed_when_it_answers_and_counted_when_it_does_not(scraped: Scraped) -> None:
    scraped.metrics.put(0.3, "")
    scraped.metrics.put(30.0, "the store is down")
    assert (scraped.value("put_seconds_count"), scraped.value("put_seconds_sum"), scraped.value("put_failures_total")) == (1.0, 0.3, 1.0)
    assert scraped.progress.store_error == "the store is down"
    scraped.metrics.put(0.1, "")
    assert scraped.progress.store_error == ""


def test_counts_have_their_reasons(scraped: Scraped) -> None:
    scraped.progress.flushes["age"] += 2
    scraped.progress.rejects["not JSON"] += 3
    assert (scraped.value("flushes_total", reason="age"), scraped.value("rejects_total", reason="not JSON")) == (2.0, 3.0)
