"""One platform for all end-to-end tests, in an instance of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.platform import Platform, running
from tests.fixtures.services import listens


def free_block() -> int:
    """The first of a hundred ports that nobody listens on."""
    for base in range(31000, 20000, -100):
        if not any(listens(port) for port in range(base, base + 10)):
            return base
    raise RuntimeError("no free block of ports")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that is up, with the simulator trading."""
    with running(tmp_path_factory.mktemp("tl"), free_block()) as up:
        yield up
