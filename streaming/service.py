"""What a service of ours is around its work: a start, turn after turn, a new beginning after an outage, and an end with a status."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping

import structlog

from streaming import log as streaming_log
from streaming.shutdown import Shutdown
from ticklake import settings as ticklake_settings
from ticklake.clock import Clock, SystemClock
from ticklake.errors import ConfigError, Retry, TicklakeError
from ticklake.settings import Settings

CLOSE_S = 2.0
"""Of the budget of a stop, what is kept for closing connections."""

REPORT_S = 60.0
"""Between two lines of figures."""

PAUSE_S = 2.0
"""Before a new beginning."""

_log = structlog.get_logger()


def main(serve: Callable[[Settings, Shutdown], None]) -> int:
    """Run `serve`, which returns after SIGTERM or SIGINT; the exit status: 0 then, 2 for a wrong setting, 1 for another `TicklakeError`.

    What still hangs when `serve` has ended, has what is left of a stop's budget.
    """
    streaming_log.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = ticklake_settings.load()
    except ConfigError as error:
        return _refused(error)
    shutdown = Shutdown(stop, settings.shutdown_s, SystemClock())
    try:
        serve(settings, shutdown)
        shutdown.status = 0
    except TicklakeError as error:
        shutdown.status = _refused(error)
    finally:
        stop.set()
    return shutdown.status


def anew(run: Callable[[], None], let_go: Callable[[], None], stop: threading.Event) -> None:
    """Run until the stop, and after each `Retry` again, a moment later; `let_go` forgets what the run held. Raises what else `run` raises."""
    while not stop.is_set():
        try:
            run()
        except Retry as error:
            let_go()
            _log.warning("waiting", reason=str(error))
            stop.wait(PAUSE_S)


def turns(turn: Callable[[], None], figures: Callable[[], Mapping[str, object]], stop: threading.Event, clock: Clock) -> None:
    """Turn after turn until `stop`, with a line of `figures` now and then."""
    report = clock.monotonic() + REPORT_S
    while not stop.is_set():
        turn()
        if clock.monotonic() >= report:
            report += REPORT_S
            _log.info("progress", **figures())


def _refused(error: TicklakeError) -> int:
    _log.error("stopped", reason=str(error))
    return 2 if isinstance(error, ConfigError) else 1
