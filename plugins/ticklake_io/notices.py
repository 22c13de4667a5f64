"""Tells people: Slack, any address that takes a POST, e-mail. Addresses and passwords are secrets, so no error names them."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal, Protocol

import httpx
import structlog

from ticklake.errors import NotifierUnavailable
from ticklake.settings import Settings

log = structlog.get_logger()

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Notice:
    """What people are told: `name` is of what, `title` one line, `text` what is known and what to do; `at` is UTC."""

    name: str
    state: Literal["raised", "cleared"]
    title: str
    text: str
    at: datetime


class Channel(Protocol):
    """A way to people."""

    name: str

    def send(self, notice: Notice) -> None:
        """Hand the notice over. Raises `NotifierUnavailable` when it was not taken."""
        ...


class Slack:
    """An incoming webhook of a channel."""

    name = "slack"

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, notice: Notice) -> None:
        mark = ":red_circle:" if notice.state == "raised" else ":large_green_circle:"
        _post(self.name, self._url, {"text": f"{mark} *{notice.title}*\n{notice.text}"})


class Webhook:
    """An address that takes the notice as JSON."""

    name = "webhook"

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, notice: Notice) -> None:
        fields = {"name": notice.name, "state": notice.state, "title": notice.title, "text": notice.text}
        _post(self.name, self._url, fields | {"at": notice.at.isoformat()})


class Email:
    """A mail to `recipients`, through an SMTP server whose certificate is verified."""

    name = "email"

    def __init__(self, settings: Settings, recipients: Sequence[str]) -> None:
        self._settings = settings
        self._recipients = recipients

    def send(self, notice: Notice) -> None:
        try:
            with self._server() as server:
                server.send_message(self._message(notice))
        except (smtplib.SMTPException, OSError) as error:
            raise NotifierUnavailable(f"the mail server did not take it: {type(error).__name__}") from error

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"[ticklake] {notice.title}"
        message["From"] = self._settings.notify_email_from
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(notice.at)
        message.set_content(f"{notice.title}\n\n{notice.text}\n\n{notice.at:%Y-%m-%d %H:%M:%S} UTC\n")
        return message

    def _server(self) -> smtplib.SMTP:
        host, port, security = self._settings.smtp_host, self._settings.smtp_port, self._settings.smtp_security
        trusted = ssl.create_default_context()
        server = smtplib.SMTP_SSL(host, port, timeout=PATIENCE_S, context=trusted) if security == "tls" else smtplib.SMTP(host, port, timeout=PATIENCE_S)
        try:
            if security == "starttls":
                server.starttls(context=trusted)
            user, password = self._settings.smtp_user, self._settings.smtp_password
            if user and password:
                server.login(user, password.get_secret_value())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def open_channels(settings: Settings) -> list[Channel]:
    """The channels that the settings name; none is no fault."""
    channels: list[Channel] = []
    if settings.notify_slack_url:
        channels.append(Slack(settings.notify_slack_url.get_secret_value()))
    if settings.notify_webhook_url:
        channels.append(Webhook(settings.notify_webhook_url.get_secret_value()))
    if recipients := [each.strip() for each in (settings.notify_email_to or "").split(",") if each.strip()]:
        channels.append(Email(settings, recipients))
    return channels


def tell(notice: Notice, channels: Iterable[Channel]) -> list[str]:
    """Log the notice and hand it to every channel; the names of those that did not take it."""
    log.warning("notice", name=notice.name, state=notice.state, title=notice.title)
    refused = []
    for channel in channels:
        try:
            channel.send(notice)
        except NotifierUnavailable as error:
            log.warning("notice_not_taken", channel=channel.name, name=notice.name, reason=str(error))
            refused.append(channel.name)
    return refused


def _post(channel: str, url: str, fields: dict[str, Any]) -> None:
    try:
        with _unlogged():
            httpx.post(url, json=fields, timeout=PATIENCE_S, follow_redirects=False).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise NotifierUnavailable(f"{channel} answers {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:  # its text may hold the address
        raise NotifierUnavailable(f"{channel} cannot be reached: {type(error).__name__}") from None


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep httpx from logging the address: whoever has it can write to the channel."""
    logger = logging.getLogger("httpx")
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False
