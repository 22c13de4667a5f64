"""The door: who comes in as whom, and what those see who do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import streamlit as st

from dashboard.access.admission import Outside, admit
from dashboard.access.oidc import is_loopback
from dashboard.components import headline
from ticklake.errors import ConfigError
from ticklake.roles import Role, User
from ticklake.settings import Settings

Now = Callable[[], datetime]

GUARD_S = 60.0
"""Seconds after which the end of a sign-in is noticed on a page that nobody touches."""

LOCAL_NAME = "local"
"""What the writes of who need not sign in are kept under."""


def user(settings: Settings, now: Now) -> User:
    """Who looks. While nobody is signed in who has to be, the run ends here, with a way to sign in on the screen.

    Raises `ConfigError` for a dashboard that others can reach and that knows no way to tell them apart.
    """
    if settings.oidc_client_id is None:
        return User(LOCAL_NAME, _local_role(settings))
    if "is_logged_in" not in st.user:
        raise ConfigError("TICKLAKE_OIDC_CLIENT_ID is set, but this process cannot sign anybody in: start it by python -m dashboard")
    entered = admit(st.user.to_dict(), settings, now())
    if isinstance(entered, Outside):
        _turn_away(entered)
    st.fragment(_guard, run_every=GUARD_S)(settings, now)
    return entered


def _guard(settings: Settings, now: Now) -> None:
    """A page that refreshes itself never asks who looks: this does, and draws nothing."""
    if isinstance(admit(st.user.to_dict(), settings, now()), Outside):
        st.rerun()


def _local_role(settings: Settings) -> Role:
    if settings.local_role is not None:
        return settings.local_role
    if not is_loopback(st.get_option("server.address")):
        raise ConfigError(
            "this dashboard can be reached from other machines and nobody signs in: "
            "set TICKLAKE_OIDC_CLIENT_ID, or TICKLAKE_LOCAL_ROLE to what everybody may be, or STREAMLIT_SERVER_ADDRESS=127.0.0.1"
        )
    return Role.ADMIN


def _turn_away(outside: Outside) -> NoReturn:
    st.html(headline.note(outside.why))
    if outside.signed_in:
        st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=st.logout)
    else:
        st.button("Sign in", key="sign_in", icon=":material/login:", type="primary", on_click=st.login)
    st.stop()
