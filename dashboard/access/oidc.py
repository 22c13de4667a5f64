"""The provider that the settings name, in the words of Streamlit's sign-in."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from ticklake.errors import ConfigError
from ticklake.settings import Settings

LEAST_SECRET = 32
"""Characters of the secret that signs cookies; a shorter one can be guessed."""


def auth_section(settings: Settings) -> dict[str, str] | None:
    """What Streamlit calls `[auth]`; None while nobody has to sign in.

    Raises `ConfigError` that names what is missing, too short, or would carry a sign-in over an open line.
    """
    if settings.oidc_client_id is None:
        return None
    secret, cookies = settings.oidc_client_secret, settings.oidc_cookie_secret
    wanted = {
        "TICKLAKE_OIDC_CLIENT_SECRET": secret and secret.get_secret_value(),
        "TICKLAKE_OIDC_METADATA_URL": settings.oidc_metadata_url,
        "TICKLAKE_OIDC_COOKIE_SECRET": cookies and cookies.get_secret_value(),
        "TICKLAKE_DASHBOARD_URL": settings.dashboard_url,
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: missing, which TICKLAKE_OIDC_CLIENT_ID asks for")
    client_secret, metadata, cookie_secret, address = map(str, wanted.values())
    if len(cookie_secret) < LEAST_SECRET:
        raise ConfigError(f"TICKLAKE_OIDC_COOKIE_SECRET: shorter than {LEAST_SECRET} characters")
    for name, url in (("TICKLAKE_OIDC_METADATA_URL", metadata), ("TICKLAKE_DASHBOARD_URL", address)):
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ConfigError(f"{name}: {url} is no https address; a sign-in must not be read on its way")
    return {
        "redirect_uri": f"{address.rstrip('/')}/oauth2callback",
        "cookie_secret": cookie_secret,
        "client_id": settings.oidc_client_id,
        "client_secret": client_secret,
        "server_metadata_url": metadata,
    }


def is_loopback(host: str | None) -> bool:
    """Whether `host` can be reached from this machine only."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
