"""Access: who looks, and the whole table of rights, so that nobody has to try what they may not."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ticklake.roles import Action, Role, User, may


def render(user: User, signs_in: bool) -> None:
    """The whole page. `signs_in` says whether people sign in here, and so can sign out."""
    st.subheader("Who you are", anchor=False)
    st.text(f"{user.name}, with the role {user.role}.")
    if signs_in:
        st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=st.logout)
    else:
        st.caption("Nobody signs in at this dashboard: everybody who reaches it is this user. An OpenID Connect provider changes that; see docs/access.md.")
    st.subheader("Who may do what", anchor=False)
    st.dataframe(rights(), key="rights", hide_index=True, height="content", alt="For each action, which roles may do it")


def rights() -> pd.DataFrame:
    """A row per action, a column per role: whether it may."""
    rows = {"ACTION": [str(action) for action in Action]}
    return pd.DataFrame(rows | {role.upper(): ["● may" if may(role, action) else "○ may not" for action in Action] for role in Role})
