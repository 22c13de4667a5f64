"""Terraform's rules, put into the real local store, are what the store returns and what the DAG wants."""

from __future__ import annotations

from pathlib import Path

import boto3

from tests.fixtures import services, terraform_rules
from ticklake import lifecycle
from ticklake_airflow.lifecycle.audit import audit
from ticklake_io.bucket_rules import S3BucketRules

DAYS = 2557


def test_the_store_returns_what_terraform_writes_and_the_dag_wants(tmp_path: Path) -> None:
    written = terraform_rules.written()
    with services.object_store(tmp_path) as url:
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")
        client.create_bucket(Bucket="lake")
        client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": written.versioning})
        bucket = S3BucketRules(client, "lake")
        bucket.put_rules(list(written.rules))
        wanted = lifecycle.load(terraform_rules.INFRA / "lake" / "lifecycle.yaml", DAYS)
        found = audit(bucket, wanted, DAYS, owner=False)
        assert lifecycle.drifts("rule", written.rules, bucket.rules() or []) == []
    assert [each for each in found.drifts if not each.startswith("tiering")] == []  # MiniStack knows no tierings
