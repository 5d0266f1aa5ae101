"""What of a login probably will not work with the real service. Doubts, not errors: none was tried there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from project88.providers.chronotrack_live.auth import secret_kind
from project88.providers.chronotrack_live.settings import DEFAULT_BASE_URL, Settings

#: The two hosts that the vendor names (D).
KNOWN_HOSTS = ("api.chronotrack.com", "qa-api.chronotrack.com")
#: The example address of the deployment page (X).
PAGE_HOST = "chronotrack.com"


def doubts(secret: str, settings: Settings) -> Iterator[str]:
    """A sentence each, with what to do. The secret is judged by its shape and not quoted."""
    host = urlsplit(settings.base_url).hostname or ""
    if host == PAGE_HOST:
        yield (
            f"base_url is the example of the deployment page; no client of the real service uses it, the vendor "
            f"names {DEFAULT_BASE_URL}: set base_url to that"
        )
    elif host not in KNOWN_HOSTS:
        yield f"base_url leads to {host}, which is no host that the vendor names ({', '.join(KNOWN_HOSTS)})"
    if secret_kind(secret) == "sha256" and settings.auth == "simple":
        yield (
            "the secret is a SHA-256 digest; all known clients of the real service send a SHA-1 digest: if the login "
            "is refused, store the password itself with project88 credentials set"
        )
    if not settings.client_id:
        yield (
            "client_id is missing; all known clients of the real service send one: ask the vendor for it and put it "
            "into additional_config"
        )
