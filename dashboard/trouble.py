"""An error as a reader of the screen needs it: the cause, and one thing to do."""

from __future__ import annotations

from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError, TicklakeError, WarehouseBusy, WarehouseRefused, WarehouseUnavailable

LONGEST = 160
"""Characters of a cause; a server's whole answer belongs in a log."""


def explain(error: TicklakeError) -> str:
    """One line: what is wrong and what to do about it."""
    match error:
        case WarehouseUnavailable():
            return "The warehouse does not answer. Run ticklake status to see what is down; this recovers by itself."
        case WarehouseBusy():
            return "Another writer holds these rows. Nothing to do: they are asked for again in a moment."
        case WarehouseRefused():
            return f"The warehouse refuses the question: {_cause(error)}. Check the rights of the dashboard's role."
        case BrokerUnavailable():
            return "The broker does not answer. Run ticklake status to see what is down; this recovers by itself."
        case BrokerRefused():
            return f"The broker refuses this dashboard: {_cause(error)}. Check its rights on the topics."
        case ConfigError():
            return f"A setting is wrong: {_cause(error)}. Correct it and restart the dashboard."
        case _:
            return f"{_cause(error)}. See ticklake logs dashboard."


def _cause(error: TicklakeError) -> str:
    return " ".join(str(error).split())[:LONGEST].rstrip(".")
