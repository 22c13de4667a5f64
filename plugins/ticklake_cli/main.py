"""The `ticklake` command. Results go to standard output, everything else to standard error.

Exit status: 0 all is well, 1 something is not (each command says what), 2 wrong usage or settings.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from importlib import import_module
from types import ModuleType

import structlog

from infra.local.instance import Instance
from ticklake import settings as ticklake_settings
from ticklake.errors import ConfigError, TicklakeError

COMMANDS = {
    "status": ("status", "every component, freshness per hop, lag"),
    "verify": ("verify", "do offsets, lake, ledger and tables agree"),
    "loads": ("loads", "the ledger: list objects, give one up, load it after all"),
    "cost": ("cost", "credits a day and age of data, as the settings are and could be"),
    "latency": ("latency", "how long ticks take to each hop"),
    "produce": ("produce", "run a source by hand"),
    "sql": ("sql_command", "one statement against the warehouse"),
    "logs": ("logs", "a component's log"),
    "dlq": ("dead_letters", "dead letters: list, show, put back"),
    "dq": ("dq", "data quality: results, rules, a check now"),
    "source": ("source_check", "does a source work"),
    "history": ("history", "which hours of arrival hold a range of event time; checksums"),
    "migrate": ("migrate", "the warehouse's tables as this release has them"),
    "backup": ("backup", "copies of what the lake does not hold"),
    "restore": ("restore", "the warehouse again, from nothing but the lake"),
    "airflow": ("airflow_command", "Airflow's own command with the platform's environment"),
}
"""Module of this package and help, by command. Only the module of the command in use is imported: some need a second."""


def main() -> int:
    """Run the command that the arguments name; the exit status."""
    name = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in COMMANDS else None
    args = _parser(name).parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), processors=[structlog.processors.KeyValueRenderer(key_order=["event"])])
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it warns at every try; outages are told by the command itself
    try:
        _enter_instance()
        status: int = _module(args.command).run(args, ticklake_settings.load())
    except ConfigError as error:
        print(f"ticklake {args.command}: {error}", file=sys.stderr)
        return 2
    except TicklakeError as error:
        print(f"ticklake {args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has enough; say nothing at exit
        return 0
    return status


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ticklake", description="Operate the Ticklake platform.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, add_help=name != "airflow", prefix_chars="\0" if name == "airflow" else "-")
        if name == wanted:
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"ticklake_cli.{COMMANDS[command][0]}")


def _enter_instance() -> None:
    """Take the environment of the instance that `make up` made here; elsewhere the environment is the caller's."""
    instance = Instance.current()
    if instance.settings_file.exists():
        os.environ.update(instance.environment())


if __name__ == "__main__":
    sys.exit(main())
