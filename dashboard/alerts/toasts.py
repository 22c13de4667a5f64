"""New alerts of whoever looks, on whatever page they are: said once in a session, never again for an old one."""

from __future__ import annotations

import re

import streamlit as st

from dashboard import meter
from dashboard.alerts.inbox import Alerts
from dashboard.look import Look
from ticklake.alerts import words
from ticklake.alerts.alert import Alert
from ticklake.roles import User

EVERY_S = 5.0
"""Often enough for who looks elsewhere; the inbox moves with its page. Each look is a run of its own in every session."""
MOST = 3
"""Toasts at once; of more, the number is told."""

_SEEN = "alerts_seen"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def toasts(look: Look, alerts: Alerts, user: User) -> None:
    """Watch for alerts from now on. A reader who paused the page has asked for quiet: they come when it goes on."""
    if _SEEN not in st.session_state:
        st.session_state[_SEEN] = alerts.since(0).last
    every_s = None if look.every_s is None else max(EVERY_S, look.every_s)
    st.fragment(_tell, run_every=meter.beside(every_s, 3))(alerts, user, paused=look.every_s is None)


def _tell(alerts: Alerts, user: User, *, paused: bool) -> None:
    if paused:
        return
    heard = alerts.since(st.session_state[_SEEN])
    st.session_state[_SEEN] = heard.last
    new = [each for each in heard.alerts if each.owner == user.name]
    for each in new[-MOST:]:
        st.toast(_text(each), icon=":material/notifications_active:", duration="long")
    if len(new) > MOST:
        st.toast(f"{len(new) - MOST} more alerts: see the page Alerts.", icon=":material/notifications_active:", duration="long")


def _text(alert: Alert) -> str:
    """Toasts are Markdown; symbols and notes are not."""
    note = f" ({alert.note})" if alert.note else ""
    return _MARKDOWN.sub(r"\\\1", f"{words.of_alert(alert)}{note}")
