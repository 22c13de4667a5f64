"""The type of an error is the decision about it."""

from __future__ import annotations

import inspect

import pytest

from ticklake import errors
from ticklake.errors import BadLine, BadObject, Reject, Retry, Stop, TicklakeError

DECISIONS = (Retry, Reject, Stop)
LEAVES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if each.__module__ == errors.__name__ and issubclass(each, TicklakeError) and each not in (TicklakeError, *DECISIONS)
]


def test_there_are_errors_for_each_decision() -> None:
    assert all(any(issubclass(leaf, decision) for leaf in LEAVES) for decision in DECISIONS)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_error_carries_one_decision_and_is_documented(leaf: type[TicklakeError]) -> None:
    assert sum(issubclass(leaf, decision) for decision in DECISIONS) == 1
    assert leaf.__name__ in (errors.__doc__ or ""), "the tree at the top of the module shows all"


def test_a_bad_line_names_its_place() -> None:
    error = BadLine("trades.csv", 6, "no time")
    assert str(error) == "trades.csv, line 6: no time"
    assert (error.file, error.line, error.reason) == ("trades.csv", 6, "no time")


def test_a_bad_object_names_its_key() -> None:
    error = BadObject("raw/t/x.parquet", "no Parquet")
    assert str(error) == "raw/t/x.parquet: no Parquet"
    assert (error.key, error.reason) == ("raw/t/x.parquet", "no Parquet")
