"""Where the dashboard listens is what the environment says, however it is started."""

from __future__ import annotations

from dashboard.__main__ import server_options


def test_address_and_port_are_taken_from_the_environment_and_nothing_else() -> None:
    environ = {"STREAMLIT_SERVER_PORT": "18005", "STREAMLIT_SERVER_ADDRESS": "127.0.0.1", "STREAMLIT_SERVER_COOKIE_SECRET": "x", "HOME": "/"}
    assert server_options(environ) == {"server.address": "127.0.0.1", "server.port": "18005"}
    assert server_options({}) == {}
