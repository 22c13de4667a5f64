"""The file of storage prices: a slip in it is named in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticklake.errors import ConfigError
from ticklake.storage_cost import Prices

GOOD = (Path(__file__).parents[2] / "infra" / "lake" / "prices.yaml").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("watched_thousand:", "watched:", "missing required field `watched_thousand`"),
        ("STANDARD: 0.023", "STANDARD: much", "Expected `float`, got `str` - at `$.gigabyte[...]`"),
        ("gigabyte:", "gigabyte: [", "while parsing"),
        (GOOD, "", "got `null`"),
    ],
)
def test_a_slip_in_the_prices_is_named_in_one_line(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(GOOD.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as error:
        Prices.load(tmp_path / "prices.yaml")
    assert str(error.value).startswith("prices.yaml is no list of prices: ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)
