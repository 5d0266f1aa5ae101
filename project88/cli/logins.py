"""What the credentials commands say about a stored login. Shows no secret and calls no service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from project88.edges.sealing import is_sealed
from project88.errors import ConfigError, HubError, KeyMissing
from project88.providers.catalogue import CATALOGUE, provider
from project88.providers.chronotrack_live.auth import SecretKind, secret_kind
from project88.providers.contract import Provider
from project88.providers.streams import declared
from project88.store.partners import Credential
from project88.store.partners import Login as StoredLogin
from project88.sync.sealed_logins import unsealed

#: The one provider whose secrets may be digests and take several forms.
CHRONOTRACK_LIVE = "chronotrack_live"
KINDS: Mapping[SecretKind, str] = {"password": "password", "sha1": "SHA-1 digest", "sha256": "SHA-256 digest"}
UNKNOWN = "unknown"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `credentials list`."""

    timing_partner_id: int
    company_name: str
    provider: str
    account: str
    principal: str
    secret: str
    auth: str
    base_url_host: str
    has_client_id: bool
    note: str | None = None


def config_object(additional_config: object) -> Mapping[str, Any]:
    """The stored configuration. A row written by hand may hold any JSON; what is no object holds no setting."""
    return additional_config if isinstance(additional_config, Mapping) else {}


def described(credential: Credential) -> Login:
    config = config_object(credential.additional_config)
    defaults = _defaults(credential.provider_key)
    secret, note = _secret_and_note(credential)
    return Login(
        timing_partner_id=credential.timing_partner_id,
        company_name=credential.company_name,
        provider=credential.provider_key,
        account=credential.account_name,
        principal=credential.principal,
        secret=secret,
        auth=_word(config.get("auth", defaults.get("auth"))),
        base_url_host=host(config.get("base_url", defaults.get("base_url"))),
        has_client_id=bool(config.get("client_id")),
        note=note,
    )


def opened(login: StoredLogin) -> Provider:
    """The provider that a login with plain secrets opens, after every check that needs no call. Raises ConfigError."""
    if not isinstance(login.additional_config, Mapping):
        raise ConfigError(
            "additional_config must be a JSON object: store it anew with project88 credentials set --config"
        )
    found = provider(login.provider_key, login.principal, login.secret, login.additional_config)
    # Asking for the token request checks what only some ways to log in need.
    found.token_request()
    return found


def host(base_url: object) -> str:
    """The host of an address, with its port if it has one; nothing else of it, as it may hold a login."""
    if not isinstance(base_url, str):
        return UNKNOWN
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return UNKNOWN
    return f"{parts.hostname}{port}" if parts.hostname else UNKNOWN


def _defaults(provider_key: str) -> Mapping[str, Any]:
    return declared(provider_key).settings() if provider_key in CATALOGUE else {}


def _word(value: object) -> str:
    """A setting that may be shown: one of the few words it can be."""
    return value if isinstance(value, str) and value in {"simple", "basic", "oauth2"} else UNKNOWN


def _secret_and_note(credential: Credential) -> tuple[str, str | None]:
    try:
        plain = unsealed(credential)
    except KeyMissing as error:
        return "sealed, key missing", str(error)
    except ConfigError as error:
        return "sealed, cannot be opened", str(error)
    kind = KINDS[secret_kind(plain.secret)] if plain.secret else "empty"
    return f"sealed {kind}" if is_sealed(credential.secret) else kind, _note(plain)


def _note(credential: Credential) -> str | None:
    if credential.provider_key not in CATALOGUE:
        return "cannot be collected from yet"
    try:
        opened(credential)
    except HubError as error:
        return f"wrong settings: {error}"
    return None
