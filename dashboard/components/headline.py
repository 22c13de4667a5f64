"""Sentences that stand where a panel would be, or above one. HTML, every value escaped."""

from __future__ import annotations

from html import escape


def note(text: str) -> str:
    """A sentence where a chart or a table would be: the cause, and one thing to do."""
    return f'<div class="tl-note">{escape(text)}</div>'


def problem(text: str | None) -> str:
    """A sentence about trouble, which a screen reader says at once; nothing when there is none."""
    return f'<div class="tl-problem" role="alert">{escape(text)}</div>' if text else ""
