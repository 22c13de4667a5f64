"""The rules of a bucket and what it stores: S3's administration behind a small Protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ticklake.errors import ConfigError, StoreUnavailable
from ticklake.lifecycle import Rule

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "501", "405"}


@dataclass(frozen=True)
class Upload:
    """A multipart upload that was begun and not completed."""

    key: str
    begun_at: datetime


class BucketRules(Protocol):
    """What is asked of a bucket's administration. None: the store knows no such thing.

    Every call may raise `StoreUnavailable` or `ConfigError` (no such bucket, no rights).
    """

    def versioning(self) -> str | None:
        """Enabled, Suspended, or Disabled when it never was enabled."""
        ...

    def rules(self) -> list[Rule] | None:
        """All lifecycle rules."""
        ...

    def put_rules(self, rules: list[Rule]) -> None:
        """Replace all lifecycle rules."""
        ...

    def tierings(self) -> list[Rule] | None:
        """All Intelligent-Tiering configurations."""
        ...

    def put_tiering(self, tiering: Rule) -> None:
        """Create or replace one configuration."""
        ...

    def delete_tiering(self, name: str) -> None:
        """Remove one configuration."""
        ...

    def uploads(self) -> Iterator[Upload]:
        """Uploads that were not completed."""
        ...

    def objects(self) -> Iterator[tuple[str, int, str]]:
        """Key, size in bytes and storage class of all current objects."""
        ...


class S3BucketRules:
    """One bucket's administration over boto3."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def versioning(self) -> str | None:
        with self._translated():
            return self._client.get_bucket_versioning(Bucket=self._bucket).get("Status", "Disabled")
        return None

    def rules(self) -> list[Rule] | None:
        with self._translated():
            try:
                return list(self._client.get_bucket_lifecycle_configuration(Bucket=self._bucket)["Rules"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                    raise
                return []
        return None

    def put_rules(self, rules: list[Rule]) -> None:
        configuration: Any = {"Rules": rules}
        with self._translated():
            self._client.put_bucket_lifecycle_configuration(Bucket=self._bucket, LifecycleConfiguration=configuration)

    def tierings(self) -> list[Rule] | None:
        found: list[Rule] = []
        with self._translated():
            token: dict[str, Any] = {}
            while True:
                answer = self._client.list_bucket_intelligent_tiering_configurations(Bucket=self._bucket, **token)
                found += answer.get("IntelligentTieringConfigurationList", [])
                if not answer.get("IsTruncated"):
                    return found
                token = {"ContinuationToken": answer["NextContinuationToken"]}
        return None

    def put_tiering(self, tiering: Rule) -> None:
        configuration: Any = tiering
        with self._translated():
            self._client.put_bucket_intelligent_tiering_configuration(Bucket=self._bucket, Id=tiering["Id"], IntelligentTieringConfiguration=configuration)

    def delete_tiering(self, name: str) -> None:
        with self._translated():
            self._client.delete_bucket_intelligent_tiering_configuration(Bucket=self._bucket, Id=name)

    def uploads(self) -> Iterator[Upload]:
        with self._translated():
            for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket):
                for each in page.get("Uploads", ()):
                    yield Upload(each["Key"], each["Initiated"])

    def objects(self) -> Iterator[tuple[str, int, str]]:
        with self._translated():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
                for each in page.get("Contents", ()):
                    yield each["Key"], each["Size"], each.get("StorageClass", "STANDARD")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Our errors for the client's; what the store does not know passes in silence."""
        try:
            yield
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in _UNSUPPORTED or status in (405, 501):
                return
            if status >= 500:
                raise StoreUnavailable(f"the object store answers {code} for bucket {self._bucket}") from error
            raise ConfigError(f"the object store refuses the rules of bucket {self._bucket}: {code}; check the role's rights") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"the object store does not answer: {' '.join(str(error).split())}") from error
