"""What Alpha Vantage is told from outside, and what its plans allow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from ticklake.settings import SourceSettings
from ticklake_io.budget import MINUTE_S, Plan

Entitlement = Literal["eod", "delayed", "realtime"]

DELAY_S: dict[Entitlement, float] = {"eod": 0.0, "delayed": 15 * 60.0, "realtime": 0.0}
"""How old the newest data of an entitlement are."""

_FREE_CALLS_A_DAY = 25
_GAP_S = 1.1
"""The provider says one call a second; networks bring calls closer together than they were sent."""


class AlphaVantageSettings(SourceSettings):
    """`TICKLAKE_ALPHAVANTAGE_…`."""

    model_config = SettingsConfigDict(env_prefix="TICKLAKE_ALPHAVANTAGE_")

    key: SecretStr = Field(description="your API key")
    plan: Literal["free", "75", "150", "300", "600", "1200"] = Field("free", description="free (25 calls a day), or the calls a minute of a premium plan")
    entitlement: Entitlement = Field("eod", description="what your plan includes of US prices: at the end of the day, 15 minutes late, or at once")
    poll_s: float = Field(5.0, ge=1, description="least seconds between two questions for the same symbol")
    eod_delay_s: float = Field(3600.0, ge=0, description="seconds after a close until its prices are asked for")
    timeout_s: float = Field(10.0, gt=0, le=60, description="longest that an answer may take")
    url: str = Field("https://www.alphavantage.co/query", pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])", description="where it is asked")

    @property
    def budget(self) -> Plan:
        """What the plan allows. Premium calls are spread over the minute: the provider takes a burst amiss."""
        if self.plan == "free":
            return Plan(a_day=_FREE_CALLS_A_DAY, gap_s=_GAP_S)
        a_minute = int(self.plan)
        return Plan(a_minute=a_minute, gap_s=MINUTE_S / a_minute)

    @property
    def bulk(self) -> bool:
        """Whether a hundred symbols may be asked for at once."""
        return self.plan != "free" and self.entitlement == "realtime"
