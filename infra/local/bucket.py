"""The bucket of the raw zone, where Terraform does not make it. `python -m infra.local.bucket`; safe to run again at any time."""

from __future__ import annotations

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ticklake import settings as ticklake_settings
from ticklake.errors import StoreUnavailable, TicklakeError


def create_bucket(endpoint: str | None, name: str) -> bool:
    """Create the bucket, where it does not exist; whether it was created.

    Raises `StoreUnavailable` when the store refuses.
    """
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    try:
        client.create_bucket(Bucket=name)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return False
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"the bucket {name} could not be created: {error}") from error
    return True


def main() -> int:
    """Create the bucket at the store that the settings name; the exit status."""
    try:
        settings = ticklake_settings.load()
        created = create_bucket(settings.s3_endpoint, settings.s3_bucket)
    except TicklakeError as error:
        print(f"bucket: {error}", file=sys.stderr)
        return 1
    print(f"bucket: {'created' if created else 'found'} {settings.s3_bucket}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
