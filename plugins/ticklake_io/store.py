"""The object store: S3 behind a small Protocol. Objects are created, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ticklake.errors import ConfigError, StoreUnavailable
from ticklake.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PASSING = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "Throttling"}


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it. `etag` is without quotes; `modified` is UTC, to the second."""

    key: str
    etag: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Stored(Listed):
    """An object and its metadata, names in lower case."""

    headers: Mapping[str, str]


class ObjectStore(Protocol):
    """What the platform needs of a store. Every call may raise `StoreUnavailable` or `ConfigError` (no such bucket, no rights)."""

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Create an object; False when one of this key exists already. After an error the object may exist or not."""
        ...

    def head(self, key: str) -> Stored | None:
        """The object's metadata; None when there is no such object."""
        ...

    def read(self, key: str) -> bytes | None:
        """The object's bytes; None when there is no such object."""
        ...

    def write(self, key: str, body: bytes) -> None:
        """Create or replace an object. For cursors and other state that may be lost, never for data."""
        ...

    def list(self, prefix: str, after: str | None = None) -> Iterator[Listed]:
        """Objects under `prefix` in the order of their keys, those behind `after` only."""
        ...


class S3Store:
    """One bucket. Safe for several threads."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            with _translated(self._bucket):
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=body, Metadata=dict(headers), IfNoneMatch="*", ContentType="application/vnd.apache.parquet"
                )
        except _Exists:
            return False
        return True

    def head(self, key: str) -> Stored | None:
        try:
            with _translated(self._bucket):
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except _Missing:
            return None
        return Stored(key, answer["ETag"].strip('"'), answer["ContentLength"], answer["LastModified"], answer["Metadata"])

    def read(self, key: str) -> bytes | None:
        try:
            with _translated(self._bucket):
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except _Missing:
            return None

    def write(self, key: str, body: bytes) -> None:
        with _translated(self._bucket):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def list(self, prefix: str, after: str | None = None) -> Iterator[Listed]:
        arguments: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix} | ({"StartAfter": after} if after else {})
        with _translated(self._bucket):
            for page in self._client.get_paginator("list_objects_v2").paginate(**arguments):
                for each in page.get("Contents", ()):
                    yield Listed(each["Key"], each["ETag"].strip('"'), each["Size"], each["LastModified"])


def open_store(settings: Settings) -> S3Store:
    """The bucket that the settings name; credentials come from where boto3 looks for them."""
    config = Config(
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=16,
        s3={"addressing_style": "path"} if settings.s3_endpoint else {},
    )
    client = boto3.client("s3", endpoint_url=settings.s3_endpoint, region_name=settings.s3_region, config=config)
    return S3Store(client, settings.s3_bucket)


class _Exists(Exception):
    """The object exists already."""


class _Missing(Exception):
    """There is no such object."""


@contextmanager
def _translated(bucket: str) -> Iterator[None]:
    """Our errors for the client's."""
    try:
        yield
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 412:
            raise _Exists from error
        if code in {"NoSuchKey", "404"}:
            raise _Missing from error
        if status >= 500 or code in _PASSING:
            raise StoreUnavailable(f"the object store answers {code} for bucket {bucket}") from error
        raise ConfigError(f"the object store refuses bucket {bucket}: {code}; check its name and the role's rights") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"the object store does not answer: {' '.join(str(error).split())}") from error
