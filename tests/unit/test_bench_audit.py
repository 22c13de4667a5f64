"""The benchmark's audit finds what is lost and what is doubled, by offset where a sink keeps it, else by sequence."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bench.audit import audit
from tests.bench.topics import Backlog

BACKLOG = Backlog("ticks", {0: 3, 1: 2}, bad=0)


def body(columns: Mapping[str, Sequence[object]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), sink)
    return sink.getvalue()


def ours(partition: int, offsets: Sequence[int], reasons: Sequence[str | None] | None = None) -> bytes:
    partitions = pa.array([partition] * len(offsets), pa.int32())
    return body({"PARTITION_ID": partitions, "OFFSET_ID": offsets, "REJECT_REASON": pa.array(reasons or [None] * len(offsets), pa.string())})


@pytest.mark.parametrize(
    ("bodies", "missing", "duplicated"),
    [
        ([ours(0, [0, 1, 2]), ours(1, [0, 1])], 0, 0),
        ([ours(0, [0, 2]), ours(1, [0, 1])], 1, 0),
        ([ours(0, [0, 1, 2]), ours(0, [2]), ours(1, [0, 1])], 0, 1),
        ([ours(0, [0, 1, 2]), ours(0, [0, 1])], 2, 2),
        ([body({"sequence": [4, 2, 0]}), body({"sequence": [1, 3]})], 0, 0),
        ([body({"sequence": [4, 2, 0]}), body({"sequence": [1, 1]})], 1, 1),
        ([body({"partition": [0, 0, 0, 1], "offset": [0, 1, 2, 0], "sequence": [0, 1, 2, 3]})], 1, 0),
    ],
)
def test_every_record_is_looked_for_once(bodies: list[bytes], missing: int, duplicated: int) -> None:
    found = audit(bodies, BACKLOG)
    assert (found.objects, found.missing, found.duplicated) == (len(bodies), missing, duplicated)


def test_rejected_rows_are_counted() -> None:
    assert audit([ours(0, [0, 1, 2], [None, "price", None]), ours(1, [0, 1], ["kind", "kind"])], BACKLOG).rejected == 3
