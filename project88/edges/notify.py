"""Messages to people: a webhook and e-mail, as the environment names them. Decides neither when nor what.

The address of a webhook often is its password, so no message of ours holds more of it than the host.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from project88.edges import clock, environment
from project88.errors import ConfigError, HubError

SECONDS_AT_MOST = 15.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TLS_WORDS = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    url: str = field(repr=False)
    #: Signs the body, where one is set.
    key: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"webhook at {urlsplit(self.url).hostname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    recipients: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"e-mail by {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``body`` is JSON for programs, the rest is for people."""

    subject: str
    text: str
    body: bytes


Channel = Webhook | Mail


def channels() -> list[Channel]:
    """What is configured; nothing where nothing is. Raises ConfigError for a setting that cannot be."""
    return [each for each in (_webhook(), _mail()) if each is not None]


async def send(channel: Channel, message: Message) -> None:
    """Raises HubError where it was not accepted."""
    try:
        async with asyncio.timeout(SECONDS_AT_MOST):
            if isinstance(channel, Webhook):
                await _post(channel, message.body)
            else:
                await asyncio.to_thread(_mailed, channel, message)
    except (TimeoutError, aiohttp.ClientError, OSError, smtplib.SMTPException) as error:
        # Its text may hold the address.
        raise HubError(f"the {channel.name} did not take the message ({type(error).__name__})") from None


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What the header X-Project88-Signature holds: of the timestamp, a full stop and the body."""
    return "sha256=" + hmac.new(key, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def may_be_called(url: str) -> bool:
    """Whether it is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


async def _post(webhook: Webhook, body: bytes) -> None:
    timestamp = str(clock.epoch_ms() // 1000)
    headers = {**webhook.headers, "Content-Type": "application/json", "X-Project88-Timestamp": timestamp}
    if webhook.key is not None:
        headers["X-Project88-Signature"] = signature(webhook.key, timestamp, body)
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status >= 300:
            raise HubError(f"the {webhook.name} answered {answer.status}")


def _mailed(mail: Mail, message: Message) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.subject, mail.sender, ", ".join(mail.recipients)
    letter.set_content(message.text)
    context = ssl.create_default_context()
    if mail.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS_AT_MOST, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=SECONDS_AT_MOST)
    with server:
        if mail.tls == "starttls":
            server.starttls(context=context)
        if mail.user is not None:
            server.login(mail.user, mail.password or "")
        server.send_message(letter)


def _webhook() -> Webhook | None:
    url = environment.variable("PROJECT88_ALERT_WEBHOOK")
    if url is None:
        return None
    if not may_be_called(url):
        raise ConfigError("PROJECT88_ALERT_WEBHOOK must begin with https://; http:// is for this machine only")
    key = _file_of("PROJECT88_ALERT_WEBHOOK_SECRET_FILE")
    return Webhook(url=url, key=key.encode() if key else None)


def _mail() -> Mail | None:
    recipients = tuple(each.strip() for each in _setting("ALERT_EMAIL_TO", "").split(",") if each.strip())
    if not recipients:
        return None
    tls = _setting("SMTP_TLS", "starttls")
    if tls not in TLS_WORDS:
        raise ConfigError(f"PROJECT88_SMTP_TLS is one of {', '.join(TLS_WORDS)}")
    port = _setting("SMTP_PORT", str(PORTS[tls]))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError("PROJECT88_SMTP_PORT is a number from 1 to 65535")
    return Mail(
        recipients=recipients,
        sender=_setting("SMTP_FROM", recipients[0]),
        host=_setting("SMTP_HOST", "localhost"),
        port=int(port),
        tls=tls,
        user=environment.variable("PROJECT88_SMTP_USER"),
        password=_file_of("PROJECT88_SMTP_PASSWORD_FILE"),
    )


def _setting(name: str, default: str) -> str:
    return environment.variable(f"PROJECT88_{name}") or default


def _file_of(name: str) -> str | None:
    """What stands in the file that a variable names."""
    path = environment.variable(name)
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file that {name} names cannot be read ({type(error).__name__})") from None
