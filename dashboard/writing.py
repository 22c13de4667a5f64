"""What users write, tried again while others write the same table, and what they are told when it stays unwritten."""

from __future__ import annotations

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from dashboard.trouble import explain
from ticklake.errors import TicklakeError, WarehouseBusy

ATTEMPTS = 5
"""Times that a statement is tried while others write the table: a second or so, for somebody waits for the click."""


patiently = retry(
    retry=retry_if_exception_type(WarehouseBusy),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential_jitter(multiplier=0.05, max=0.5, jitter=0.1),
    reraise=True,
)
"""Decorates what runs a statement of a user's: it raises what the warehouse raises, `WarehouseBusy` after the last attempt."""


def unwritten(error: TicklakeError) -> str:
    """One line: why something was not written and what to do. Unlike what is read, nobody asks for it again but the user."""
    if isinstance(error, WarehouseBusy):
        return "Another writer holds these rows, so this was not written. Do it again in a moment."
    return explain(error)
