"""Whether a stored login is good: a call with it, with the other forms of its secret, and what the answer means."""

from __future__ import annotations

import shlex
from dataclasses import replace

import msgspec

from project88.cli.logins import CHRONOTRACK_LIVE, KINDS, opened
from project88.errors import ConfigError, CredentialsRefused, HubError, ProviderError, Transient, UsageError
from project88.providers.chronotrack_live.auth import secret_kind
from project88.providers.chronotrack_live.settings import read_settings
from project88.store.connection import Database
from project88.store.partners import Credential, changing_logins
from project88.sync.accounts import open_account
from project88.sync.sealed_logins import unsealed

#: The setting that says in which form a secret is sent.
ENCODING = "secret_encoding"
#: With the SHA-1 digest, which auto sends, these are all that a service may take: three tries at most.
OTHER_ENCODINGS = ("plain", "sha256")


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


async def tried(db: Database, credential: Credential, keep: bool) -> Tested:
    """Log in with a stored login by one call, and by a few more where the service takes another form of its secret."""
    try:
        plain = unsealed(credential)
        opened(plain)
        await _log_in(db, plain)
    except CredentialsRefused as error:
        return await _tried_otherwise(db, credential, plain, error, keep)
    except (ConfigError, ProviderError, UsageError) as error:
        return _tested(credential, error)
    return _tested(credential, None, takes=sent_form(plain))


async def _tried_otherwise(
    db: Database, credential: Credential, plain: Credential, refusal: CredentialsRefused, keep: bool
) -> Tested:
    """Try the other forms of a password until the service takes one or fails otherwise."""
    for other in _other_encodings(plain):
        try:
            await _log_in(db, other)
        except CredentialsRefused:
            continue
        except (ConfigError, ProviderError) as error:
            return _tested(credential, error)
        remedy = await _kept_or_to_keep(db, credential, sent_form(other), keep)
        return _tested(credential, None, takes=sent_form(other), remedy=remedy)
    return _tested(credential, with_hint(refusal, plain))


async def _log_in(db: Database, plain: Credential) -> None:
    async with open_account(db, plain) as account:
        await account.client.get(account.provider.login_probe())


def _tested(
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


def _other_encodings(plain: Credential) -> list[Credential]:
    """The same login with the other forms of its secret that the service may take.

    None where the settings name the form, where the scheme has one only, or where the secret is a digest.
    """
    if plain.provider_key != CHRONOTRACK_LIVE or secret_kind(plain.secret) != "password":
        return []
    settings = read_settings(plain.additional_config)
    if settings.auth != "simple" or settings.secret_encoding != "auto":
        return []
    return [_with_encoding(plain, encoding) for encoding in OTHER_ENCODINGS]


def _with_encoding(credential: Credential, encoding: str) -> Credential:
    return replace(credential, additional_config={**credential.additional_config, ENCODING: encoding})


async def _kept_or_to_keep(db: Database, tested: Credential, encoding: str, keep: bool) -> str | None:
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
        await changes.store(_with_encoding(tested, encoding))
    return None


def with_hint(refusal: CredentialsRefused, plain: Credential) -> CredentialsRefused:
    """A digest cannot be turned into another form, so the password itself is what may help."""
    kind = secret_kind(plain.secret)
    if kind == "password" or plain.provider_key != CHRONOTRACK_LIVE:
        return refusal
    return CredentialsRefused(f"{refusal} It may not take a {KINDS[kind]}; then store the password itself")
