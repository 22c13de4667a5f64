"""How the services log: one line an event, key and value, to standard error. No payloads, no secrets."""

from __future__ import annotations

import logging
import sys

import structlog


def configure() -> None:
    """Set up this process's log."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # The client warns at every try; outages are reported once, by us.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
