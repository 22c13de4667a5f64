"""Figures as `build/bench.json` keeps them: one row a name, the newest wins."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from infra.local.instance import ROOT

FILE = ROOT / "build" / "bench.json"


def record(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None, file: Path = FILE) -> None:
    """Keep a figure and print it, beside that of the peer it was measured with."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    row = {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value, "commit": commit, "at": datetime.now(UTC).isoformat()}
    rows = json.loads(file.read_text()) if file.exists() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([*(each for each in rows if each["name"] != name), row], indent=1) + "\n")
    beside = f"   {peer}: {peer_value:,.2f} {unit}" if peer and peer_value is not None else ""
    print(f"{name:<38}{value:>14,.2f} {unit}{beside}", flush=True)
