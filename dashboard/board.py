"""Rows of the live board. A row is a symbol *and* a source: a replay of 2013 never meets the simulator's prices."""

from __future__ import annotations

import pandas as pd

KEY = ["SYMBOL", "SOURCE"]

_FIGURES = ["PRICE", "CHANGE", "PERCENT", "VOLUME", "DAY_LOW", "DAY_HIGH", "TREND"]

COLUMNS = [*KEY, "NAME", "CURRENCY", "SECTOR", "CALENDAR", "FEED", *_FIGURES, "EVENT_TIME", "RECEIVED_AT"]


def rows(latest: pd.DataFrame, days: pd.DataFrame, trends: pd.DataFrame) -> pd.DataFrame:
    """One row per symbol and source of `latest`, with `COLUMNS`.

    CHANGE is the price less PREV_CLOSE, or less the first open of the day shown when the feed sends no previous close;
    PERCENT is CHANGE in per cent of the same base. DAY_LOW and DAY_HIGH are the range of the day shown.
    TREND is a list of closes, oldest first. What is unknown is NaN.
    """
    closes = trends.groupby(KEY, sort=False)["CLOSE"].agg(list).rename("TREND").reset_index()
    board = latest.merge(days, on=KEY, how="left").merge(closes, on=KEY, how="left")
    base = board["PREV_CLOSE"].astype(float).fillna(board["DAY_OPEN"].astype(float))
    board["PRICE"] = board["PRICE"].astype(float)
    for day in ("VOLUME", "DAY_LOW", "DAY_HIGH"):
        board[day] = board[day].astype(float)
    board["CHANGE"] = (board["PRICE"] - base).round(8)
    board["PERCENT"] = (board["CHANGE"] / base * 100).round(4)
    board["NAME"] = board["NAME"].fillna("")
    board["TREND"] = [trend if isinstance(trend, list) else [] for trend in board["TREND"]]
    for time in ("EVENT_TIME", "RECEIVED_AT"):
        board[time] = pd.to_datetime(board[time]).dt.tz_localize("UTC")
    return board[COLUMNS].sort_values(KEY, ignore_index=True)
