"""The sinks that ours is measured beside: quixstreams in an environment of its own, and minimal loops in ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.local.instance import ROOT
from tests.bench.sinks import Sink

_HERE = Path(__file__).parent
_HOME = ROOT / "build" / "peers"


def quixstreams() -> Sink:
    """Its S3FileSink writing Parquet; installed at the first call."""
    wanted, stamp = (_HERE / "requirements.txt").read_text(), _HOME / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        uv, python = str(Path(sys.executable).with_name("uv")), str(_HOME / "bin" / "python")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(_HOME)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "--requirement", str(_HERE / "requirements.txt")], check=True)
        stamp.write_text(wanted)
    return Sink("quixstreams S3FileSink, Parquet", (str(_HOME / "bin" / "python"), str(_HERE / "quix_parquet.py")))


def minimal(client: str) -> Sink:
    """The least that a client can do, with "kafka-python" or "confluent"."""
    return Sink(f"minimal loop, {client}", (sys.executable, str(_HERE / "minimal.py"), client))
