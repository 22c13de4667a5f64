from __future__ import annotations

from dashboard.once import once


def test_a_result_is_made_once_for_each_object_and_told_apart_by_identity() -> None:
    made: list[list[int]] = []

    @once(kept=2)
    def total(numbers: list[int]) -> int:
        made.append(numbers)
        return sum(numbers)

    first, equal, third = [1, 2], [1, 2], [4]
    assert [total(first), total(first), total(equal)] == [3, 3, 3]
    assert len(made) == 2
    assert total(third) == 4
    assert total(equal) == 3
    assert len(made) == 3
    assert total(first) == 3  # the oldest had been let go
    assert len(made) == 4
