"""The contract of each table that outsiders feed: what becomes of fields that nobody has announced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from ticklake.errors import ConfigError

NewFields = Literal["evolve", "freeze"]

FILE = Path(__file__).parents[2] / "infra" / "contracts.yaml"


def load(path: Path = FILE) -> Mapping[str, NewFields]:
    """What happens to new fields, by table. Raises `ConfigError` when the file is missing or says something else."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), dict[str, NewFields])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
