"""Several instruments on one scale. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

BASE = 100.0


def rebased(closes: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The closes of bars by name (BAR_START, CLOSE; oldest first) as BAR_START, X, NAME, CLOSE and REBASED, by name, then time.

    REBASED is `BASE` at an instrument's first bar, which is the left edge if it traded there; X is a time's place among all that
    occur. A name without bars has no rows.
    """
    parts = [bars[["BAR_START", "CLOSE"]].assign(NAME=name, REBASED=bars["CLOSE"] / bars["CLOSE"].iloc[0] * BASE) for name, bars in closes.items() if len(bars)]
    if not parts:
        return pd.DataFrame(columns=["BAR_START", "X", "NAME", "CLOSE", "REBASED"])
    rows = pd.concat(parts, ignore_index=True)
    places = np.unique(rows["BAR_START"].to_numpy(), return_inverse=True)[1]
    return rows.assign(X=places.astype(float))[["BAR_START", "X", "NAME", "CLOSE", "REBASED"]]
