"""What every object store must do, the fake and the real one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fixtures import services
from ticklake.errors import ConfigError, StoreUnavailable
from ticklake_io.store import ObjectStore, open_store


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with services.object_store(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore()
    url = request.getfixturevalue("address")
    bucket = f"b{abs(hash(request.node.name))}"
    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket=bucket)
    return open_store(services.settings(s3_endpoint=url, s3_bucket=bucket))


def test_what_was_created_is_read_back(store: ObjectStore) -> None:
    assert store.create("a/b=1/c.parquet", b"\x00body", {"first-offset": "7", "writer-id": "w"})
    assert store.read("a/b=1/c.parquet") == b"\x00body"
    stored = store.head("a/b=1/c.parquet")
    assert stored
    assert (stored.size, dict(stored.headers)) == (5, {"first-offset": "7", "writer-id": "w"})
    assert stored.modified.utcoffset() is not None
    assert stored.etag == next(iter(store.list("a/"))).etag


def test_a_second_create_changes_nothing(store: ObjectStore) -> None:
    assert store.create("k", b"one", {"n": "1"})
    assert not store.create("k", b"other", {"n": "2"})
    stored = store.head("k")
    assert stored
    assert (store.read("k"), stored.headers["n"]) == (b"one", "1")


def test_of_writers_at_once_one_wins(store: ObjectStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda writer: store.create("race", bytes([writer]), {}), range(4)))
    assert sum(won) == 1
    assert store.read("race") == bytes([won.index(True)])


def test_what_is_not_there(store: ObjectStore) -> None:
    assert store.head("nothing") is None
    assert store.read("nothing") is None
    assert list(store.list("nothing/")) == []


def test_a_write_replaces(store: ObjectStore) -> None:
    store.write("state/cursor.json", b"1")
    store.write("state/cursor.json", b"22")
    assert store.read("state/cursor.json") == b"22"


def test_listings_are_in_order_within_the_prefix_and_behind_the_key(store: ObjectStore) -> None:
    for key in ("p/b", "p/a", "p10/a", "p/c/d", "q/a"):
        store.create(key, b"", {})
    assert [each.key for each in store.list("p/")] == ["p/a", "p/b", "p/c/d"]
    assert [each.key for each in store.list("p", after="p/b")] == ["p/c/d", "p10/a"]
    assert [each.key for each in store.list("p/", after="p/c/d")] == []


def test_more_than_one_page_is_listed(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.create(f"many/{n:05d}", b"", {}), range(1_005)))
    assert [each.key for each in store.list("many/")] == [f"many/{n:05d}" for n in range(1_005)]


def test_no_bucket_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        open_store(services.settings(s3_endpoint=address, s3_bucket="nowhere")).read("k")


def test_no_answer_may_pass() -> None:
    with pytest.raises(StoreUnavailable):
        open_store(services.settings(s3_endpoint=f"http://127.0.0.1:{services.free_port()}")).head("k")
