"""What the contract suites share: one real broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.broker import running_broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a broker; topics are each test's own."""
    with running_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address
