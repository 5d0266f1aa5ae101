"""What the credentials commands say about a stored login. Shows no secret; stores nothing and calls no service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from project88.errors import ConfigError, CredentialsRefused, HubError, Transient, UsageError
from project88.providers.catalogue import CATALOGUE, provider
from project88.providers.chronotrack_live.auth import SecretKind, secret_kind
from project88.providers.chronotrack_live.settings import Settings
from project88.providers.contract import Provider
from project88.store.partners import Credential

KINDS: Mapping[SecretKind, str] = {"password": "password", "sha1": "SHA-1 digest", "sha256": "SHA-256 digest"}
UNKNOWN = "unknown"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `credentials list`."""

    timing_partner_id: int
    company_name: str
    provider: str
    principal: str
    secret: str
    auth: str
    base_url_host: str
    has_client_id: bool
    note: str | None = None


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `credentials test`."""

    timing_partner_id: int
    provider: str
    principal: str
    state: str
    remedy: str | None = None


def config_object(additional_config: object) -> Mapping[str, Any]:
    """The stored configuration. A row written by hand may hold any JSON; what is no object holds no setting."""
    return additional_config if isinstance(additional_config, Mapping) else {}


def described(credential: Credential) -> Login:
    config = config_object(credential.additional_config)
    defaults = _defaults(credential.provider_key)
    return Login(
        timing_partner_id=credential.timing_partner_id,
        company_name=credential.company_name,
        provider=credential.provider_key,
        principal=credential.principal,
        secret=KINDS[secret_kind(credential.secret)] if credential.secret else "empty",
        auth=_word(config.get("auth", defaults.get("auth"))),
        base_url_host=host(config.get("base_url", defaults.get("base_url"))),
        has_client_id=bool(config.get("client_id")),
        note=_note(credential),
    )


def opened(provider_key: str, principal: str, secret: str, additional_config: object) -> Provider:
    """The provider that a login opens, after every check that needs no call. Raises ConfigError."""
    if not isinstance(additional_config, Mapping):
        raise ConfigError(
            "additional_config must be a JSON object: store it anew with project88 credentials set --config"
        )
    found = provider(provider_key, principal, secret, additional_config)
    # Asking for the token request checks what only some ways to log in need.
    found.token_request()
    return found


def tested(credential: Credential, error: HubError | None) -> Tested:
    state, remedy = ("ok", None) if error is None else judged(error)
    return Tested(
        timing_partner_id=credential.timing_partner_id,
        provider=credential.provider_key,
        principal=credential.principal,
        state=state,
        remedy=remedy,
    )


def judged(error: HubError) -> tuple[str, str]:
    """What a failed test of a login means, and what to do."""
    match error:
        case CredentialsRefused():
            return "refused", f"{error}. Store the right login with project88 credentials set"
        case ConfigError():
            return "wrong settings", str(error)
        case UsageError():
            return "not tested", str(error)
        case Transient():
            return "unreachable", f"{error}. Check base_url and the network, then try again; the login was not judged"
        case _:
            return "unexpected answer", f"{error}. Check that base_url is the address of the service"


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
    return msgspec.structs.asdict(Settings()) if provider_key == "chronotrack_live" else {}


def _word(value: object) -> str:
    """A setting that may be shown: one of the few words it can be."""
    return value if isinstance(value, str) and value in {"simple", "basic", "oauth2"} else UNKNOWN


def _note(credential: Credential) -> str | None:
    if credential.provider_key not in CATALOGUE:
        return "cannot be collected from yet"
    try:
        opened(credential.provider_key, credential.principal, credential.secret, credential.additional_config)
    except HubError as error:
        return f"wrong settings: {error}"
    return None
