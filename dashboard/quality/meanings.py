"""What each rule asks of the data, as its file says."""

from __future__ import annotations

from pathlib import Path

import structlog

from ticklake.errors import ConfigError
from ticklake.quality.file import load_rules

log = structlog.get_logger()


def meanings(path: Path) -> dict[str, str]:
    """The descriptions of the rules in the file at `path`, by rule; none where the file cannot be read, for results are there without it."""
    try:
        return {rule.id: rule.description for rule in load_rules(path)}
    except ConfigError as error:
        log.warning("rules_unread", reason=str(error))
        return {}
