"""Timing partners and their logins. Secrets leave this module only inside a Credential; it seals and unseals none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from project88.errors import ConfigError, UsageError
from project88.records.entities import ProviderId, TimingPartnerId
from project88.store.connection import Connection, Database
from project88.store.queries import load
from project88.store.scope import Source

queries = load("partners")

#: The settings in additional_config that are secrets too.
SECRET_SETTINGS = ("client_secret", "registration_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An account as an operator gives it. The secret, and one in additional_config, may be sealed or plain."""

    timing_partner_id: TimingPartnerId
    provider_key: str
    #: Empty for the main account, which stands in partner_provider_credentials.
    account_name: str = ""
    principal: str
    secret: str = field(repr=False)
    additional_config: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Login):
    """One account of a partner with one provider, as it is stored."""

    company_name: str
    time_zone: str
    provider_id: ProviderId

    @property
    def source(self) -> Source:
        return Source(
            timing_partner_id=self.timing_partner_id,
            provider_id=self.provider_id,
            data_source=self.provider_key,
            account_name=self.account_name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Of one provider: how many accounts are stored, and when something last came from it (hub's record of it)."""

    accounts: int
    last_success_at: datetime | None


async def connections(db: Database) -> dict[str, Connected]:
    """By the provider's key."""
    rows = await db.rows(queries["connections"])
    return {row["key"]: Connected(accounts=row["accounts"], last_success_at=row["last_success_at"]) for row in rows}


async def add_partner(db: Database, company_name: str, time_zone: str) -> TimingPartnerId:
    """Raises UsageError where another partner has the name."""
    number = await db.value(queries["add_partner"], {"company_name": company_name, "time_zone": time_zone})
    if number is None:
        raise UsageError(f"a timing partner named {company_name!r} exists already: see project88 partner list")
    return TimingPartnerId(number)


async def partners(db: Database) -> list[dict[str, Any]]:
    return await db.rows(queries["partners"], {})


@dataclass(frozen=True, slots=True)
class LoginChanges:
    """The stored logins while nobody else can write them."""

    connection: Connection

    async def credentials(self) -> list[Credential]:
        """Every login of every partner."""
        async with self.connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(queries["credentials"], {"timing_partner_id": None, "provider_key": None})
            return [_credential(row) for row in await cursor.fetchall()]

    async def store(self, login: Login) -> None:
        """In place of an earlier one. Raises UsageError where the partner or the provider does not exist."""
        parameters = {
            "timing_partner_id": login.timing_partner_id,
            "provider_key": login.provider_key,
            "account_name": login.account_name,
            "principal": login.principal,
            "secret": login.secret,
            "additional_config": json.dumps(dict(login.additional_config)),
        }
        cursor = await self.connection.execute(queries["partner_exists"], parameters)
        if await cursor.fetchone() is None:
            raise UsageError(f"timing partner {login.timing_partner_id} does not exist: see project88 partner list")
        name = "set_account" if login.account_name else "set_credentials"
        if (await self.connection.execute(queries[name], parameters)).rowcount != 1:
            raise UsageError(f"provider {login.provider_key} does not exist")

    async def replace_secrets(self, credentials: Iterable[Credential]) -> None:
        """Write the secrets in another form. It is the same login, so its breaker and its plan stay as they are."""
        await self.connection.execute(queries["same_login"], {"same": "on"})
        for each in credentials:
            name = "replace_account_secret" if each.account_name else "replace_secret"
            await self.connection.execute(queries[name], _secrets(each))
        await self.connection.execute(queries["same_login"], {"same": ""})


@asynccontextmanager
async def changing_logins(db: Database) -> AsyncIterator[LoginChanges]:
    """One transaction; who writes logins meanwhile waits, who reads them does not."""
    async with db.transaction() as connection:
        await connection.execute(queries["lock_logins"])
        yield LoginChanges(connection)


async def set_credentials(
    db: Database,
    timing_partner_id: TimingPartnerId,
    provider_key: str,
    principal: str,
    secret: str,
    additional_config: Mapping[str, Any],
    account_name: str = "",
) -> None:
    """Store a login as it is given. Raises UsageError where the partner or the provider does not exist."""
    login = Login(
        timing_partner_id=timing_partner_id,
        provider_key=provider_key,
        account_name=account_name,
        principal=principal,
        secret=secret,
        additional_config=additional_config,
    )
    async with changing_logins(db) as changes:
        await changes.store(login)


async def credentials(
    db: Database, timing_partner_id: TimingPartnerId | None = None, provider_key: str | None = None
) -> list[Credential]:
    """The main account of a partner with a provider comes before the further ones."""
    parameters = {"timing_partner_id": timing_partner_id, "provider_key": provider_key}
    return [_credential(row) for row in await db.rows(queries["credentials"], parameters)]


async def credential(db: Database, timing_partner_id: TimingPartnerId, provider_key: str) -> Credential:
    """Raises ConfigError where the partner has no login with the provider."""
    found = await credentials(db, timing_partner_id, provider_key)
    if not found:
        raise ConfigError(
            f"timing partner {timing_partner_id} has no credentials for {provider_key}: run project88 credentials set "
            f"--timing-partner-id {timing_partner_id} --provider {provider_key} --principal USER"
        )
    return found[0]


async def provider_id(db: Database, provider_key: str) -> ProviderId:
    """The number that a provider has here. Raises ConfigError where the database does not know it."""
    number = await db.value(queries["provider_id"], {"provider_key": provider_key})
    if number is None:
        raise ConfigError(f"the database has no provider {provider_key}: run project88 db migrate")
    return ProviderId(number)


def _credential(row: Mapping[str, Any]) -> Credential:
    return Credential(**{each.name: row[each.name] for each in fields(Credential)})


def _secrets(credential: Credential) -> dict[str, Any]:
    settings = json.dumps(secret_settings(credential))
    return {**credential.source.parameters(), "secret": credential.secret, "secret_settings": settings}


def secret_settings(login: Login) -> dict[str, str]:
    """The settings that are secrets too. A row written by hand may hold any JSON."""
    config: object = login.additional_config
    found = {name: config.get(name) for name in SECRET_SETTINGS} if isinstance(config, Mapping) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}
