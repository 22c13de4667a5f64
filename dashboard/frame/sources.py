"""What is wrong with the sources that the producer runs: a word beside the badge, and a sentence with cause and action."""

from __future__ import annotations

from collections.abc import Mapping

from ticklake_io.producing import Producing, SourceLine

WORDS = {"refused": "not entitled", "down": "failed", "waiting": "does not answer"}
"""States that keep ticks away, as a badge says them; all others are well."""


def troubled(producing: Producing) -> Mapping[str, str]:
    """What stands beside the badges of sources, by name; nothing of one that is well, or whose plan has no call left, which is said as such."""
    return {each.name: WORDS[each.state] for each in _troubled(producing)}


def sentences(producing: Producing) -> list[str]:
    """One line for each source that is in trouble: what is wrong, and what to do."""
    return [f"{each.name} {_says(each.state, each.detail.removeprefix(f'{each.name}: ') or 'it does not say why')}" for each in _troubled(producing)]


def _says(state: str, cause: str) -> str:
    if state == "refused":
        return f"is not entitled to what is asked of it: {cause}. Correct that in .env and restart the producer; its prices stand still until then."
    if state == "down":
        return f"has failed: {cause}. It is tried again by itself; ticklake logs producer says more."
    return f"does not answer: {cause}. Nothing to do: its prices go on by themselves when it does."


def _troubled(producing: Producing) -> list[SourceLine]:
    return [each for each in producing.sources if each.state in WORDS and not (each.state == "waiting" and each.calls_left == 0)]
