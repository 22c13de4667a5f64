"""The dashboard's server: `python -m dashboard`. It takes the flags and the environment (STREAMLIT_SERVER_PORT, …) of `streamlit run`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import streamlit as st
import structlog
from streamlit.web import cli

from dashboard import resources
from dashboard.access.oidc import auth_section
from ticklake.errors import ConfigError

APP = Path(__file__).parent / "app.py"
SWITCH_S = 0.0005
"""How long a thread may keep the interpreter. Each rerun is a new thread, and the server waits until it has begun, behind all that run."""

log = structlog.get_logger()


def main() -> int:
    """Serve until told to stop; the exit status. Keys reach Streamlit in memory, so that none is ever in a file.

    The first look at the market is the process's own: whoever comes finds a board, and how old ticks are on it is known before.
    """
    sys.setswitchinterval(SWITCH_S)
    try:
        auth = auth_section(resources.read_settings())
        data = resources.market_data()
    except ConfigError as error:
        log.error("cannot_start", reason=str(error))
        return 2
    if auth is not None:
        st.secrets.merge_programmatic_secrets({"auth": {**auth}})
    threading.Thread(target=data.board, name="first-look", daemon=True).start()
    cli.main(["run", str(APP), *sys.argv[1:]], prog_name="streamlit", standalone_mode=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
