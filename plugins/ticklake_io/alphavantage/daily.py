"""Daily bars, splits and dividends of Alpha Vantage."""

from __future__ import annotations

from datetime import date
from typing import Any

from ticklake.daily import Action, ActionKind, DailyBar, number, price, prices, volume
from ticklake.errors import BadPayload
from ticklake_io.alphavantage.answers import NAME


def daily(content: dict[str, Any]) -> tuple[list[DailyBar], list[Action], list[str]]:
    """The bars in an answer to TIME_SERIES_DAILY or TIME_SERIES_DAILY_ADJUSTED, oldest first, as traded; the latter's splits and
    dividends; and by day what is no bar. None where there are none. Raises `BadPayload` when the answer as a whole is none.

    The adjusted close is left out: it changes with each dividend, and splits and dividends say the same once.
    """
    if not content:
        return [], [], []
    series = next((value for key, value in content.items() if key.startswith("Time Series")), None)
    if not isinstance(series, dict):
        raise BadPayload(NAME, "an answer without `Time Series`")
    bars: list[DailyBar] = []
    actions: list[Action] = []
    rejects: list[str] = []
    for day, row in sorted(series.items()):
        try:
            fields = {name.partition(". ")[2]: str(value) for name, value in row.items()}
            bar, acted = _bar(date.fromisoformat(day), fields)
        except (AttributeError, KeyError, ValueError) as error:
            rejects.append(f"{NAME}, {day[:10]}: {error}")
            continue
        bars.append(bar)
        actions += acted
    return bars, actions, rejects


def splits(content: dict[str, Any]) -> list[Action]:
    """The splits in an answer to SPLITS. Raises `BadPayload`."""
    return _actions(content, "split", "effective_date", "split_factor")


def dividends(content: dict[str, Any]) -> list[Action]:
    """The dividends in an answer to DIVIDENDS, announced ones included; those of one day added up. Raises `BadPayload`."""
    paid: dict[date, Action] = {}
    for each in _actions(content, "dividend", "ex_dividend_date", "amount"):
        before = paid.get(each.ex_date)
        paid[each.ex_date] = each._replace(value=each.value + before.value) if before else each
    return list(paid.values())


def _bar(day: date, fields: dict[str, str]) -> tuple[DailyBar, list[Action]]:
    traded = prices(*(price(fields[name]) for name in ("open", "high", "low", "close")))
    dividend, ratio = number(fields.get("dividend amount", "0")), number(fields.get("split coefficient", "1"))
    actions = [Action(day, "dividend", dividend)] if dividend > 0 else []
    if ratio not in (0, 1):
        actions.append(Action(day, "split", ratio))
    return DailyBar(day, traded, volume(fields["volume"])), actions


def _actions(content: dict[str, Any], kind: ActionKind, day: str, value: str) -> list[Action]:
    rows = content.get("data", [])
    if not isinstance(rows, list) or (content and "data" not in content):
        raise BadPayload(NAME, "an answer without `data`")
    try:
        return [Action(date.fromisoformat(row[day]), kind, price(str(row[value]))) for row in rows if row[day] not in (None, "None", "")]
    except (KeyError, TypeError, ValueError):
        raise BadPayload(NAME, f"a {kind} without its day or number") from None
