"""Rules changed by hand are told with a diff and put back when they are ours; on the real local store and on a fake that has all of S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.fakes.memory_bucket import MemoryBucket
from tests.fixtures import services
from ticklake import lifecycle
from ticklake.errors import ConfigError, StoreUnavailable
from ticklake.lifecycle import Desired, identity
from ticklake.storage_cost import GIGABYTE, Prices, summed
from ticklake_airflow.lifecycle.audit import audit
from ticklake_airflow.restoring import shelves
from ticklake_io.bucket_rules import BucketRules, S3BucketRules

FOLDER = Path(__file__).parents[2] / "infra" / "lake"
DAYS = 2557
FOREIGN = {"ID": "finance-logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with services.object_store(tmp_path_factory.mktemp("store")) as url:
        yield boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")


@pytest.fixture
def desired() -> Desired:
    return lifecycle.load(FOLDER / "lifecycle.yaml", DAYS)


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest) -> BucketRules:
    if request.param == "memory":
        return MemoryBucket()
    client = request.getfixturevalue("client")
    name = f"b{abs(hash(request.node.name))}"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return S3BucketRules(client, name)


def changed(rules: list[Any], name: str, **values: Any) -> list[Any]:
    return [{**each, **values} if identity(each) == name else each for each in rules]


def test_a_new_bucket_gets_the_rules_once(bucket: BucketRules, desired: Desired) -> None:
    first = audit(bucket, desired, DAYS, owner=True)
    assert {"rule ticklake-raw", "rule ticklake-uploads"} <= set(first.restored)
    assert first.left == []
    second = audit(bucket, desired, DAYS, owner=True)
    assert (second.restored, second.left) == ([], [])
    assert [each for each in second.drifts if each.startswith("rule")] == []


def test_a_rule_changed_by_hand_is_told_with_a_diff_and_put_back(bucket: BucketRules, desired: Desired) -> None:
    audit(bucket, desired, DAYS, owner=True)
    bucket.put_rules([*changed(bucket.rules() or [], "ticklake-raw", Expiration={"Days": 4000}), FOREIGN])
    found = audit(bucket, desired, DAYS, owner=True)
    (told,) = [each for each in found.drifts if each.startswith("rule")]
    assert told.startswith("rule ticklake-raw:\n")
    assert '\n  -  "Days": 4000' in told
    assert '\n  +  "Days": 2557' in told
    assert found.restored == ["rule ticklake-raw"]
    assert {identity(each) for each in bucket.rules() or []} == {identity(each) for each in [*desired.rules, FOREIGN]}


def test_a_rule_of_others_is_left_alone(bucket: BucketRules, desired: Desired) -> None:
    bucket.put_rules([FOREIGN])
    audit(bucket, desired, DAYS, owner=True)
    bucket.put_rules(changed(bucket.rules() or [], "finance-logs", Expiration={"Days": 3}))
    found = audit(bucket, desired, DAYS, owner=True)
    assert [each for each in found.drifts if "finance" in each] == []
    assert next(each for each in bucket.rules() or [] if identity(each) == "finance-logs")["Expiration"] == {"Days": 3}


def test_who_is_not_the_owner_only_tells(desired: Desired) -> None:
    bucket = MemoryBucket(status="Suspended")
    found = audit(bucket, desired, DAYS, owner=False)
    assert bucket.puts == 0
    assert (found.restored, found.unsupported) == ([], [])
    assert set(found.left) == {*(f"rule {identity(each)}" for each in desired.rules), "tiering ticklake-raw", "versioning bucket"}


def test_a_rule_of_ours_that_is_not_desired_any_more_goes(desired: Desired) -> None:
    bucket = MemoryBucket()
    bucket.put_rules([{"ID": "ticklake-old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 9000}}])
    bucket.put_tiering({"Id": "ticklake-old", "Status": "Enabled", "Tierings": []})
    assert {"rule ticklake-old", "tiering ticklake-old"} <= set(audit(bucket, desired, DAYS, owner=True).restored)
    assert "ticklake-old" not in bucket.tiers


def test_what_a_store_does_not_know_or_keep_is_told_as_such(desired: Desired) -> None:
    nothing = audit(MemoryBucket(lacks=frozenset({"rules", "tierings"})), desired, DAYS, owner=True)
    assert nothing.unsupported == ["lifecycle rules", "Intelligent-Tiering configurations"]
    forgets = audit(MemoryBucket(lacks=frozenset({"memory"})), desired, DAYS, owner=True)
    assert forgets.unsupported == ["tiering ticklake-raw: the store took it and does not keep it"]
    assert forgets.left == []


@pytest.mark.parametrize("prefix", ["raw/", "", "raw/market.ticks/"])
def test_a_rule_that_expires_raw_objects_too_soon_stops_the_run(desired: Desired, prefix: str) -> None:
    bucket = MemoryBucket()
    bucket.put_rules([{**FOREIGN, "Filter": {"Prefix": prefix}}])
    with pytest.raises(ConfigError, match="finance-logs expires raw objects after 30 days"):
        audit(bucket, desired, DAYS, owner=True)
    with pytest.raises(ConfigError, match="TICKLAKE_RAW_RETENTION_DAYS"):
        lifecycle.load(FOLDER / "lifecycle.yaml", DAYS + 1)


def test_daily_backups_go_after_a_quarter_and_what_people_keep_beside_them_stays(desired: Desired) -> None:
    kept = {each["Filter"]["Prefix"]: each.get("Expiration") for each in desired.rules if each["Filter"]["Prefix"].startswith("backup")}
    assert kept == {f"{shelves.DAILY}/": {"Days": 90}}


def test_a_file_that_is_no_list_of_rules_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lifecycle.yaml"
    for text in ("rules: []", "[", "versioning: Enabled\ntierings: []\nrules: [{ID: other, Status: Enabled}]"):
        file.write_text(text)
        with pytest.raises(ConfigError, match=r"lifecycle\.yaml"):
            lifecycle.load(file, DAYS)


def test_what_is_stored_is_counted_and_priced(client: Any) -> None:
    client.create_bucket(Bucket="stored")
    for key, body, storage_class in (("raw/a", b"12", "STANDARD"), ("raw/b", b"3" * 131_072, "INTELLIGENT_TIERING"), ("top", b"", "STANDARD")):
        client.put_object(Bucket="stored", Key=key, Body=body, StorageClass=storage_class)
    client.create_multipart_upload(Bucket="stored", Key="raw/c")
    bucket = S3BucketRules(client, "stored")
    found = {(each.prefix, each.storage_class): each for each in summed(bucket.objects())}
    assert {name: (each.objects, each.bytes, each.watched) for name, each in found.items()} == {
        ("raw/", "STANDARD"): (1, 2, 0),
        ("raw/", "INTELLIGENT_TIERING"): (1, 131_072, 1),
        ("", "STANDARD"): (1, 0, 0),
    }
    prices = Prices.load(FOLDER / "prices.yaml")
    assert found["raw/", "STANDARD"].cost(prices) == 2 / GIGABYTE * 0.023
    assert found["raw/", "INTELLIGENT_TIERING"].cost(prices) == 131_072 / GIGABYTE * 0.023 + 0.001 * 0.0025
    assert [each.key for each in bucket.uploads()] == ["raw/c"]


def test_a_store_that_does_not_answer_is_no_missing_feature() -> None:
    nowhere = f"http://127.0.0.1:{services.free_port()}"
    client = boto3.client("s3", endpoint_url=nowhere, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")
    with pytest.raises(StoreUnavailable):
        S3BucketRules(client, "b").rules()
