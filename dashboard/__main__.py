"""The dashboard's server: `python -m dashboard`. Address and port are Streamlit's own settings (STREAMLIT_SERVER_ADDRESS, _PORT)."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
import structlog

from dashboard.access.oidc import auth_section
from ticklake import settings
from ticklake.errors import ConfigError

log = structlog.get_logger()

APP = Path(__file__).parent / "app.py"


def main() -> int:
    """Serve until told to stop; the exit status. Keys reach Streamlit in memory, so that none is ever in a file."""
    try:
        auth = auth_section(settings.load())
    except ConfigError as error:
        log.error("cannot_start", reason=str(error))
        return 2
    st.App(APP, secrets={"auth": {**auth}} if auth else None).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
