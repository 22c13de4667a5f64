"""The tags that DAGs may bear."""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """Where a DAG's data ends up, or what the DAG is for."""

    RAW = "raw"
    CURATED = "curated"
    OPERATIONS = "operations"
