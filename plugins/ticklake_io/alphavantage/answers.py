"""What an answer of Alpha Vantage means: nearly all of them, failures too, come with HTTP status 200.

| what it says | what it is |
| --- | --- |
| "spreading out", "burst pattern", "per minute" | too fast: `SourceUnavailable`, a moment's patience |
| "a premium endpoint", "a premium feature", "entitle…" | not in the plan: `SourceRefused` |
| "requests per day", "calls per day" | the day's calls are spent: `QuotaSpent` |
| "apikey is invalid", "demo API key" | no key: `SourceRefused` |
| any other "Error Message" | this question is wrong, or the symbol unknown: `BadPayload` |
| any other notice, no JSON, no object | garbage: `BadPayload` |
| anything else | data, or an empty object where there are none |

In this order: the notice for too many calls at once also names the calls a day, and nearly all praise the premium plans and
endpoints, so only "a premium …" is a refusal. No text of the provider is ever repeated: some hold the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ticklake.errors import BadPayload, QuotaSpent, SourceRefused, SourceUnavailable
from ticklake.patience import retry_after_s

if TYPE_CHECKING:
    from datetime import datetime

    from ticklake_io.http import Answer

NAME = "alphavantage"

BURST_S = 2.0
MINUTE_S = 60.0
_NOTICES = ("Information", "Note", "Error Message", "message", "Message")
_OK = "success"


@dataclass(frozen=True)
class Now:
    """What the meaning of an answer may depend on: the time, and when the plan's day ends."""

    at: datetime
    resets_at: datetime


def read(answer: Answer, now: Now) -> dict[str, Any]:
    """The data of an answer: a JSON object, empty when there are none. Numbers in it are text, exactly as they came.

    Raises as the table above says; for a status other than 200 `SourceUnavailable` (429 and 5xx, after the time that
    Retry-After names), `SourceRefused` (401, 403) or `BadPayload`.
    """
    _check_status(answer, now.at)
    try:
        content = json.loads(answer.body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadPayload(NAME, "an answer that is no JSON") from None
    if not isinstance(content, dict):
        raise BadPayload(NAME, "an answer that is no JSON object")
    for name in _NOTICES:
        text = content.get(name)
        if isinstance(text, str) and text != _OK:
            _judge(name, text.lower(), now)
    return content


def _check_status(answer: Answer, at: datetime) -> None:
    status = answer.status
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SourceUnavailable(f"{NAME} answers with status {status}", retry_after_s(answer.headers.get("retry-after", ""), at))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise SourceRefused(f"{NAME} refuses the key with status {status}")
    raise BadPayload(NAME, f"an answer with status {status}")


def _judge(name: str, text: str, now: Now) -> None:
    """Raise what the provider's notice, in lower case, means. What stands first wins."""
    if _any(text, "spreading out", "burst pattern"):
        raise SourceUnavailable(f"{NAME} asks for calls further apart", BURST_S)
    if _any(text, "per minute", "minute-level"):
        raise SourceUnavailable(f"{NAME} asks for fewer calls a minute", MINUTE_S)
    if _any(text, "a premium ", "entitle"):
        raise SourceRefused(f"{NAME}: the plan does not include this; see TICKLAKE_ALPHAVANTAGE_PLAN and TICKLAKE_ALPHAVANTAGE_ENTITLEMENT")
    if _any(text, "requests per day", "calls per day", "daily request limit"):
        raise QuotaSpent(f"{NAME}: the plan's calls of today are spent", now.resets_at)
    if _any(text, "apikey", "demo** api key", "demo api key", "api key is invalid", "invalid api key"):
        raise SourceRefused(f"{NAME} does not know the key: see TICKLAKE_ALPHAVANTAGE_KEY")
    if name == "Error Message":
        raise BadPayload(NAME, "the question is refused: is the symbol one that the provider knows?")
    raise BadPayload(NAME, f"a notice ({name}) of unknown meaning")


def _any(text: str, *phrases: str) -> bool:
    return any(phrase in text for phrase in phrases)
