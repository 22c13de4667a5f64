"""A service's log is one line an event, and holds no payload and no secret, whoever writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRET = "key-and-payload"


def lines(code: str) -> list[str]:
    """What a process that runs `code` with our log writes to standard error."""
    text = f"import logging, threading\nimport structlog\nfrom streaming.log import configure\nconfigure()\nSECRET = {SECRET!r}\n{code}"
    found = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert SECRET not in found.stderr
    return found.stderr.splitlines()


def test_an_event_is_one_line_of_keys_and_values() -> None:
    (line,) = lines("structlog.get_logger().warning('waiting', reason='two\\nlines')")
    assert line.startswith("timestamp=")
    assert line.endswith(r"level='warning' event='waiting' reason='two\nlines'")


@pytest.mark.parametrize("code", ["def f():\n    raise ValueError(SECRET)\nf()", "def f():\n    raise ValueError(SECRET)\nthreading.Thread(target=f).start()"])
def test_a_crash_is_one_line_that_says_where_and_not_with_what(code: str) -> None:
    (line,) = lines(code)
    assert "level='error' event='crashed' error='ValueError' at='<string>:7" in line


@pytest.mark.parametrize("call", ["warning('cannot reach %s', SECRET)", "error('cannot reach %s\\n', SECRET)"])
def test_a_library_s_warning_is_told_without_what_was_filled_in(call: str) -> None:
    (line,) = lines(f"logging.getLogger('lib.part').{call}\nlogging.getLogger('lib.part').info(SECRET)")
    assert line.endswith("level='warning' event='library' logger='lib.part' message='cannot reach %s'")


def test_the_kafka_client_is_silent() -> None:
    assert lines("logging.getLogger('kafka.conn').error('connection to %s failed', SECRET)") == []
