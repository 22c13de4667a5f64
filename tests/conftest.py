"""What all tests share: quiet logs and a clean environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from infra.local.instance import Instance

# Before the first login of a session fixture: the connector looks for clouds, and a closed network answers slowly.
os.environ.update({name: value for name, value in Instance.current().environment().items() if name.startswith("SNOWFLAKE_")})


# Machines are noisy: how long an example takes says nothing.
settings.register_profile("noisy", deadline=None)
settings.load_profile("noisy")


@pytest.fixture(autouse=True, scope="session")
def quiet_logs() -> None:
    """The log lines of code under test are no part of its test."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A main that is tested sets up its log, for streams that end with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not decide how a test ends."""
    for name in list(os.environ):
        if name.startswith("TICKLAKE_") and name not in ("TICKLAKE_TEST_DATA", "TICKLAKE_PICTURES"):
            monkeypatch.delenv(name)
