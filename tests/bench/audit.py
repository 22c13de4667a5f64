"""What a sink has stored, read back to the last object: every record of the topic, once?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import boto3
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.bench.topics import Backlog

_OFFSET_BITS = 40
"""A partition and an offset make one number."""


class Audit(NamedTuple):
    """Objects and their bytes; records that are in none, or in more than one; rows with a reason to reject them."""

    objects: int
    stored_bytes: int
    missing: int
    duplicated: int
    rejected: int


class Bucket:
    """A bucket that exists for one run."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="bench", aws_secret_access_key="bench")
        self._name = name

    def __enter__(self) -> Self:
        self._client.create_bucket(Bucket=self._name)
        return self

    def __exit__(self, *_: object) -> None:
        for key in self._keys():
            self._client.delete_object(Bucket=self._name, Key=key)
        self._client.delete_bucket(Bucket=self._name)

    def _keys(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def bodies(self) -> list[bytes]:
        """Every Parquet object."""
        return [self._client.get_object(Bucket=self._name, Key=key)["Body"].read() for key in self._keys() if key.endswith(".parquet")]


def audit(bodies: Sequence[bytes], backlog: Backlog) -> Audit:
    """What Parquet objects hold of a backlog."""
    rows = [_rows(body) for body in bodies]
    found = np.concatenate([ids for ids, _ in rows])
    distinct = np.unique(found)
    expected = _offsets(backlog) if found.max() >= 1 << _OFFSET_BITS else np.arange(backlog.records)
    missing = len(np.setdiff1d(expected, distinct, assume_unique=True))
    return Audit(len(bodies), sum(map(len, bodies)), missing, len(found) - len(distinct), sum(rejected for _, rejected in rows))


def _rows(body: bytes) -> tuple[npt.NDArray[np.int64], int]:
    """What tells the records of an object apart, and how many of them are rejected."""
    file = pq.ParquetFile(pa.BufferReader(body))
    names = {"PARTITION_ID", "OFFSET_ID", "REJECT_REASON", "partition", "offset", "sequence"} & set(file.schema_arrow.names)
    table = file.read(columns=sorted(names))
    rejected = len(table) - table["REJECT_REASON"].null_count if "REJECT_REASON" in names else 0
    table = table.rename_columns([name.lower().removesuffix("_id") for name in table.column_names])
    if "offset" not in table.column_names:
        return table["sequence"].to_numpy(), 0  # a sink that keeps no offsets
    place = pc.add(pc.shift_left(pc.cast(pc.add(table["partition"], 1), pa.int64()), _OFFSET_BITS), table["offset"])
    return place.to_numpy(), rejected


def _offsets(backlog: Backlog) -> npt.NDArray[np.int64]:
    return np.concatenate([((partition + 1) << _OFFSET_BITS) + np.arange(end) for partition, end in backlog.ends.items()])
