"""From what a provider says of a person to a user of this dashboard, or to why they are not let in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ticklake.roles import Role, User, highest
from ticklake.settings import Settings

Claims = Mapping[str, object]


@dataclass(frozen=True)
class Outside:
    """Who is not let in: why, in one line, and whether they are signed in and so have to sign out first."""

    why: str
    signed_in: bool = False


def admit(claims: Claims, settings: Settings, at: datetime) -> User | Outside:
    """The user that `claims` (of the identity token, with `is_logged_in`) are of, or why there is none at the time `at`."""
    if not claims.get("is_logged_in"):
        return Outside("Sign in to see market data.")
    if at - _signed_in_at(claims) > timedelta(hours=settings.oidc_hours):
        return Outside(f"You signed in more than {settings.oidc_hours:g} hours ago. Sign in again.")
    role = highest(_names(claims, settings.oidc_claim), _members(settings))
    if role is None:
        return Outside(f"{_name(claims)} has no role here. Ask an administrator for one, then sign out and in again.", signed_in=True)
    return User(_name(claims), role)


def _signed_in_at(claims: Claims) -> datetime:
    """When the token was issued; the provider must say it, so one without is of long ago."""
    issued = claims.get("iat")
    return datetime.fromtimestamp(float(issued) if isinstance(issued, int | float) else 0.0, UTC)


def _name(claims: Claims) -> str:
    """What writes are kept under: an address only when verified, else the subject, which alone is one person's for ever."""
    subject, shown = str(claims.get("sub", "")), claims.get("preferred_username")
    return _verified_email(claims) or (f"{shown} ({subject})" if isinstance(shown, str) else subject)


def _names(claims: Claims, path: str) -> list[str]:
    """What a role can be given to: the values of the claim at `path`, and the verified address."""
    email = _verified_email(claims)
    return [*_values(_at(claims, path)), *([email] if email else [])]


def _verified_email(claims: Claims) -> str | None:
    """Some providers let people type any address; what is not verified names nobody."""
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified") is True else None


def _at(claims: Claims, path: str) -> object:
    """The claim of that name, which may hold dots itself, or the one that the path leads to."""
    if path in claims:
        return claims[path]
    found: object = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _values(claim: object) -> list[str]:
    if isinstance(claim, str):
        return [claim]
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list | tuple) else []


def _members(settings: Settings) -> dict[Role, list[str]]:
    listed = {Role.ADMIN: settings.oidc_admins, Role.ANALYST: settings.oidc_analysts, Role.VIEWER: settings.oidc_viewers}
    return {role: [name.strip() for name in names.split(",") if name.strip()] for role, names in listed.items()}
