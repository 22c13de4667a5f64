"""Who may do what. One table of rights: a page asks it what to offer, and a writer asks it again before it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ticklake.errors import NotAllowed


class Role(StrEnum):
    """What a person is here, least first. Each may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


class Action(StrEnum):
    """What a person does, in the words of a refusal."""

    READ = "look at pages"
    TRANSACT = "change portfolios and transactions"
    ALERT = "change alert rules and acknowledge alerts"
    EXPORT = "export data"
    LIMIT = "change limits"
    SET = "change settings"


LEAST = {
    Action.READ: Role.VIEWER,
    Action.TRANSACT: Role.ANALYST,
    Action.ALERT: Role.ANALYST,
    Action.EXPORT: Role.ANALYST,
    Action.LIMIT: Role.ADMIN,
    Action.SET: Role.ADMIN,
}
"""The table of rights: the least role that an action takes."""

_RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, action: Action) -> bool:
    """Whether `role` has the right to `action`."""
    return _RANK[role] >= _RANK[LEAST[action]]


def refusal(role: Role, action: Action) -> str | None:
    """Why `role` may not: one line for the screen, with who can help. None when it may."""
    if may(role, action):
        return None
    return f"The role {role} may not {action}: that takes the role {LEAST[action]}. An administrator can give it to you."


@dataclass(frozen=True)
class User:
    """Who looks: the name that what they write is kept under, and their role."""

    name: str
    role: Role

    def may(self, action: Action) -> bool:
        """Whether this user has the right to `action`."""
        return may(self.role, action)

    def refusal(self, action: Action) -> str | None:
        """Why this user may not, for the screen; None when they may."""
        return refusal(self.role, action)

    def require(self, action: Action) -> None:
        """Call where a write happens. Raises `NotAllowed` for a user without the right."""
        why = self.refusal(action)
        if why:
            raise NotAllowed(why)


def highest(names: Iterable[str], members: Mapping[Role, Iterable[str]]) -> Role | None:
    """The highest role that `names` of one person (groups, roles, e-mail addresses; case does not matter) have among `members`; None without any."""
    held = {name.casefold() for name in names}
    found = [role for role, listed in members.items() if held & {name.casefold() for name in listed}]
    return max(found, key=_RANK.__getitem__, default=None)
