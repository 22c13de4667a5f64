"""Who looks, and what they may: the local user, or whoever has signed in at an OpenID Connect provider."""

from dashboard.access.door import user

__all__ = ["user"]
