"""DuckDB under fakesnow: files on disk, limits of memory, and the object store as a file system for stages."""

from __future__ import annotations

from pathlib import Path

from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow.fs import S3FileSystem

from infra.local.warehouse.sessions import Engine

_LIMITS = {"memory_limit": "1GB", "threads": 2, "preserve_insertion_order": True, "checkpoint_threshold": "32MB"}


class StageFileSystem(ArrowFSWrapper):  # type: ignore[misc]
    """The object store, under the protocol that stages name. DuckDB's own S3 reader would be fetched from the network."""

    protocol = "s3"


def store_file_system(endpoint: str) -> StageFileSystem:
    """The file system of `s3://bucket/key`; the key pair comes from the usual AWS variables."""
    return StageFileSystem(S3FileSystem(endpoint_override=endpoint, region="us-east-1", connect_timeout=5, request_timeout=30))


def open_engine(folder: Path, stages: StageFileSystem) -> Engine:
    """An engine whose databases are files in `folder` and survive SIGKILL."""
    folder.mkdir(parents=True, exist_ok=True)  # a container begins with an empty volume
    engine = Engine(db_path=folder)
    for name, value in _LIMITS.items():
        engine.duck_conn.execute(f"SET GLOBAL {name} = '{value}'")
    engine.duck_conn.execute(f"SET GLOBAL temp_directory = '{folder / 'spill'}'")
    engine.duck_conn.register_filesystem(stages)
    return engine
