"""`python -m infra.local up | down | reset`: what `make up`, `make down` and `make reset` run."""

from __future__ import annotations

import argparse
import sys
import time

from infra.local import airflow
from infra.local.instance import Instance
from infra.local.up import down, reset, up
from ticklake.errors import TicklakeError


def main() -> int:
    """Run one command for the instance that the environment names; 1 when it cannot be done, with one line why."""
    parser = argparse.ArgumentParser(prog="infra.local", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "reset"))
    command = parser.parse_args().command
    began = time.monotonic()
    try:
        instance = Instance.current()
        {"up": up, "down": down, "reset": reset}[command](instance)
    except TicklakeError as error:
        print(f"make {command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"make {command}: {error.filename or 'the machine'}: {error.strerror or error}", file=sys.stderr)
        return 1
    if command == "up":
        print(f"\nTicklake is up after {time.monotonic() - began:.0f} s.")
        for name, address in instance.urls().items():
            print(f"  {name:<11}{address}")
        print(f"  Airflow login: {airflow.USER} / {airflow.password(instance)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
