"""Transactions as a table, in the order given, as they were entered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.portfolio.wording import HIDDEN
from ticklake.portfolio.model import Transaction

NUMBERS = ("Quantity", "Price", "Amount", "Ratio", "Fee", "Rate")
"""Columns of numbers, which are text, for they are shown in full."""

_AMOUNTS = ("Quantity", "Amount", "Fee")


def listing(transactions: Iterable[Transaction], private: bool = False, stored: Sequence[Transaction] = (), zone: tzinfo = UTC) -> pd.DataFrame:
    """One row each; State says what was reversed, among `stored`, and what takes it back. Times are written in `zone`."""
    reversed_ids = {each.reverses for each in stored if each.reverses}
    rows = [
        {
            "Date": each.traded_on.isoformat(),
            "Kind": each.kind.value,
            "Symbol": each.symbol or "",
            "Quantity": _plain(each.quantity),
            "Price": _plain(each.price),
            "Amount": _plain(each.amount),
            "Ratio": _plain(each.ratio),
            "Fee": _plain(each.fee),
            "Currency": each.currency,
            "Rate": _plain(each.rate),
            "State": "reversed" if each.id in reversed_ids else f"takes back {each.reverses[:8]}" if each.reverses else "",
            "Note": each.note,
            "By": each.entered_by,
            "Entered": "" if each.by_market else f"{each.entered_at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
            "Import id": each.import_id,
            "Id": each.id[:8],
        }
        for each in transactions
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(**dict.fromkeys(_AMOUNTS, HIDDEN)) if private and len(frame) else frame


def columns() -> dict[str, Any]:
    """How the columns of `listing` are drawn."""
    return {name: st.column_config.TextColumn(alignment="right") for name in NUMBERS}


def _plain(value: Decimal | None) -> str:
    """The number in full, without zeros at its end."""
    if not value:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
