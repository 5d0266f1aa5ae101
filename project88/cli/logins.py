"""What the credentials commands say about a stored login. Shows no secret and calls no service."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import msgspec

from project88.edges.sealing import is_sealed
from project88.errors import ConfigError, CredentialsRefused, HubError, KeyMissing, Transient, UsageError
from project88.providers.catalogue import CATALOGUE, provider
from project88.providers.chronotrack_live.auth import SecretKind, secret_kind
from project88.providers.chronotrack_live.settings import read_settings
from project88.providers.contract import Provider
from project88.providers.streams import declared
from project88.store.connection import Database
from project88.store.partners import Credential, changing_logins
from project88.store.partners import Login as StoredLogin
from project88.sync.sealed_logins import unsealed

#: The one provider whose secrets may be digests and take several forms.
CHRONOTRACK_LIVE = "chronotrack_live"
KINDS: Mapping[SecretKind, str] = {"password": "password", "sha1": "SHA-1 digest", "sha256": "SHA-256 digest"}
UNKNOWN = "unknown"
#: The setting that says in which form a secret is sent.
ENCODING = "secret_encoding"
#: With the SHA-1 digest, which auto sends, these are all that a service may take: three tries at most.
OTHER_ENCODINGS = ("plain", "sha256")


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


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `credentials test`."""

    timing_partner_id: int
    provider: str
    account: str
    principal: str
    state: str
    #: The form of the secret that the service took; null where it took none.
    takes: str | None = None
    remedy: str | None = None


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


def other_encodings(plain: Credential) -> list[Credential]:
    """The same login with the other forms of its secret that the service may take.

    None where the settings name the form, where the scheme has one only, or where the secret is a digest.
    """
    if plain.provider_key != CHRONOTRACK_LIVE or secret_kind(plain.secret) != "password":
        return []
    settings = read_settings(plain.additional_config)
    if settings.auth != "simple" or settings.secret_encoding != "auto":
        return []
    return [with_encoding(plain, encoding) for encoding in OTHER_ENCODINGS]


def with_encoding(credential: Credential, encoding: str) -> Credential:
    return replace(credential, additional_config={**credential.additional_config, ENCODING: encoding})


def sent_form(plain: Credential) -> str:
    """How the secret is sent, in a word of secret_encoding where there is one."""
    if plain.provider_key != CHRONOTRACK_LIVE:
        return "plain"
    settings = read_settings(plain.additional_config)
    kind = secret_kind(plain.secret)
    if settings.auth != "simple" or settings.secret_encoding == "plain":
        return "plain"
    if settings.secret_encoding != "auto":
        return settings.secret_encoding
    return "sha1" if kind == "password" else kind


async def kept_or_to_keep(db: Database, tested: Credential, encoding: str, keep: bool) -> str | None:
    """Store the form of the secret that the service takes, or say how to; None where it is stored."""
    command = f"project88 credentials test --timing-partner-id {tested.timing_partner_id}"
    command += f" --provider {tested.provider_key}"
    if tested.account_name:
        command += f" --account {shlex.quote(tested.account_name)}"
    if not keep:
        return f"the service takes {ENCODING} {encoding}: run {command} --keep"
    async with changing_logins(db) as changes:
        if tested not in await changes.credentials():
            return f"the login was changed meanwhile: run {command}"
        await changes.store(with_encoding(tested, encoding))
    return None


def with_hint(refusal: CredentialsRefused, plain: Credential) -> CredentialsRefused:
    """A digest cannot be turned into another form, so the password itself is what may help."""
    kind = secret_kind(plain.secret)
    if kind == "password" or plain.provider_key != CHRONOTRACK_LIVE:
        return refusal
    return CredentialsRefused(f"{refusal} It may not take a {KINDS[kind]}; then store the password itself")


def tested(
    credential: Credential, error: HubError | None, *, takes: str | None = None, remedy: str | None = None
) -> Tested:
    """``takes``: the form of the secret that the service took. ``remedy``: what to do so that it is sent."""
    state = "ok" if remedy is None else "wrong settings"
    if error is not None:
        state, remedy = judged(error)
    return Tested(
        timing_partner_id=credential.timing_partner_id,
        provider=credential.provider_key,
        account=credential.account_name,
        principal=credential.principal,
        state=state,
        takes=takes,
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
