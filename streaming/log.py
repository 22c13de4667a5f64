"""How the services log: one line an event, key and value, to standard error. No payloads, no secrets.

The text of an error that nobody foresaw, and what a library fills into its messages, can hold either. So of the former
only its type and where it came from are told, and of the latter only the words around.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

import structlog

_FRAMES = 4

_log = structlog.get_logger()


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
    logging.getLogger().addHandler(_Libraries(logging.WARNING))
    sys.excepthook = _crashed
    threading.excepthook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)


def place(error: BaseException) -> str:
    """Where an error came from: the innermost lines of code, the last call first."""
    frames = traceback.extract_tb(error.__traceback__)[: -_FRAMES - 1 : -1]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames) or "unknown"


def _crashed(kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    _log.error("crashed", error=kind.__name__, at=place(error) if error else "unknown")


class _Libraries(logging.Handler):
    """Warnings of libraries, as events of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.warning("library", logger=record.name, message=str(record.msg).split("\n", 1)[0])
