"""`ticklake airflow …`: Airflow's own command with the platform's environment."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.local.airflow import environment
from infra.local.instance import Instance
from ticklake.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="as for `airflow`")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Become Airflow's command."""
    command = Path(sys.executable).with_name("airflow")
    variables = os.environ | environment(Instance.current())
    os.execve(command, [str(command), *args.arguments], variables)  # noqa: S606 - no shell is wanted
