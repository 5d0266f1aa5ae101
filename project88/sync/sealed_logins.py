"""The secrets of stored logins, sealed and unsealed, and the key changed. The only place where keys meet logins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from project88.edges.redaction import hide_secrets
from project88.edges.sealing import KeyRing, add_key, forget_keys, is_sealed, key_id_of, make_key_ring, open_key_ring
from project88.errors import ConfigError, KeyMissing
from project88.providers.catalogue import CATALOGUE
from project88.store import webhooks
from project88.store.connection import Database
from project88.store.partners import Login, changing_logins, credentials, secret_settings

#: Who else but the hub may read the other providers' logins is not known, so they are sealed on request only.
SEALED_PROVIDERS = frozenset(CATALOGUE) | {"chronotrack_tcp"}

AnyLogin = TypeVar("AnyLogin", bound=Login)
Transform = Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealCount:
    """What sealing found: logins that it sealed, and those that were sealed already."""

    sealed: int
    were_sealed: int
    #: The providers of the logins that were sealed.
    providers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    key_id: str
    old_key_ids: tuple[str, ...]
    resealed: int
    #: Of webhooks, sealed anew with the logins.
    webhooks: int


def is_for_the_hub(login: Login) -> bool:
    """Whether nobody but the hub reads this login."""
    return login.provider_key in SEALED_PROVIDERS


def unsealed(login: AnyLogin) -> AnyLogin:
    """The login with its secrets in plain, which are kept out of the log from now on. Raises ConfigError.

    A login that is stored in plain needs no key.
    """
    if not key_ids(login):
        return login
    try:
        plain = _transformed(login, _opening(open_key_ring()))
    except ConfigError as error:
        raise type(error)(f"the login of {described(login)}: {error}") from None
    hide_secrets(_secrets(plain))
    return plain


def sealed(login: AnyLogin, ring: KeyRing) -> AnyLogin:
    """The login with its plain secrets sealed; what is sealed already stays as it is."""

    def seal(text: str, context: str) -> str:
        return text if is_sealed(text) or not text else ring.seal(text, context)

    hide_secrets(text for text in _secrets(login) if not is_sealed(text))
    return _transformed(login, seal)


def key_ids(login: Login) -> frozenset[str]:
    """The keys that the login's sealed secrets ask for."""
    return frozenset(key_id_of(text) for text in _secrets(login) if is_sealed(text))


def has_plain_secret(login: Login) -> bool:
    return any(text and not is_sealed(text) for text in _secrets(login))


def described(login: Login) -> str:
    account = f", account {login.account_name}" if login.account_name else ""
    return f"timing partner {login.timing_partner_id} with {login.provider_key}{account}"


async def store_sealed(db: Database, login: Login, *, with_new_key: bool = False) -> None:
    """Store a login, sealed. ``with_new_key``: also where other logins are sealed with a key that is lost."""
    async with changing_logins(db) as changes:
        stored = [] if with_new_key else await changes.credentials()
        await changes.store(sealed(login, _ring_to_seal(stored)))


async def seal_logins(db: Database, is_wanted: Callable[[Login], bool] = is_for_the_hub) -> SealCount:
    """Seal what is stored in plain, all of it or nothing."""
    wanted = [each for each in await credentials(db) if is_wanted(each)]
    if not any(map(has_plain_secret, wanted)):
        return SealCount(sealed=0, were_sealed=sum(bool(key_ids(each)) for each in wanted))
    async with changing_logins(db) as changes:
        stored = await changes.credentials()
        wanted = [each for each in stored if is_wanted(each)]
        plain = [each for each in wanted if has_plain_secret(each)]
        ring = _ring_to_seal(stored)
        await changes.replace_secrets([sealed(each, ring) for each in plain])
    return SealCount(
        sealed=len(plain),
        were_sealed=sum(not has_plain_secret(each) and bool(key_ids(each)) for each in wanted),
        providers=frozenset(each.provider_key for each in plain),
    )


async def rotate_keys(db: Database) -> Rotation:
    """Make a new key and seal with it what is sealed: logins and the secrets of webhooks.

    Nothing is changed where one of them cannot be opened.
    """
    async with changing_logins(db) as changes:
        of_old = [each for each in await changes.credentials() if key_ids(each)]
        plain = [unsealed(each) for each in of_old]
        hooks = _opened(await webhooks.secrets(changes.connection))
        ring = add_key()
        await changes.replace_secrets([sealed(each, ring) for each in plain])
        for webhook_id, context, secret in hooks:
            await webhooks.replace_secret(changes.connection, webhook_id, ring.seal(secret, context))
    return Rotation(key_id=ring.key_ids[0], old_key_ids=ring.key_ids[1:], resealed=len(of_old), webhooks=len(hooks))


async def forget_old_keys(db: Database) -> list[str]:
    """Remove the keys that no login and no webhook of this database needs, but never the newest; say which."""
    async with changing_logins(db) as changes:
        used = frozenset[str]().union(*map(key_ids, await changes.credentials()))
        of_webhooks = [key_id_of(row["secret"]) for row in await webhooks.secrets(changes.connection)]
        return forget_keys(used.union(of_webhooks))


@asynccontextmanager
async def sealing(db: Database) -> AsyncIterator[KeyRing]:
    """The keys to seal something else with, the first one made where there is none; none is removed meanwhile."""
    async with changing_logins(db) as changes:
        yield _ring_to_seal(await changes.credentials())


def _ring_to_seal(stored: Iterable[Login]) -> KeyRing:
    """The keys, the first one made where there is none. Raises KeyMissing where there was one."""
    ring = open_key_ring()
    if ring.keys:
        return ring
    lost = sorted(frozenset[str]().union(*map(key_ids, stored)))
    if lost:
        looked_in = " and ".join(str(place.path) for place in ring.places)
        raise KeyMissing(
            f"stored secrets are sealed with key {', '.join(lost)}, but there is no key file; looked in {looked_in}. "
            "Put the file back. If it is lost, store each secret anew with project88 credentials set --new-key"
        )
    return make_key_ring()


def _opened(rows: Iterable[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
    """Of each webhook its number, what its secret is sealed for, and the secret in plain."""
    ring = open_key_ring()
    contexts = [(row, webhooks.context(row["timing_partner_id"], row["url"])) for row in rows]
    return [(row["webhook_id"], context, ring.unseal(row["secret"], context)) for row, context in contexts]


def _opening(ring: KeyRing) -> Transform:
    return lambda text, context: ring.unseal(text, context) if is_sealed(text) else text


def _secrets(login: Login) -> list[str]:
    return [login.secret, *secret_settings(login).values()]


def _transformed(login: AnyLogin, transform: Transform) -> AnyLogin:
    context = f"partner_provider_credentials|{login.timing_partner_id}|{login.provider_key}|{login.account_name}"
    config = login.additional_config
    for name, found in secret_settings(login).items():
        # Another context: the one secret of a login must not pass for the other.
        config = {**config, name: transform(found, f"{name} of {context}")}
    return replace(login, secret=transform(login.secret, context), additional_config=config)
