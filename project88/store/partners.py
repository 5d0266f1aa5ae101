"""Timing partners and their logins. Secrets leave this module only inside a Credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from project88.errors import ConfigError, UsageError
from project88.records.entities import ProviderId, TimingPartnerId
from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import Source

queries = load("partners")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One partner's login with one provider."""

    timing_partner_id: TimingPartnerId
    company_name: str
    time_zone: str
    provider_id: ProviderId
    provider_key: str
    principal: str
    secret: str = field(repr=False)
    additional_config: Mapping[str, Any] = field(repr=False)

    @property
    def source(self) -> Source:
        return Source(
            timing_partner_id=self.timing_partner_id, provider_id=self.provider_id, data_source=self.provider_key
        )


async def add_partner(db: Database, company_name: str, time_zone: str) -> TimingPartnerId:
    """Raises UsageError where another partner has the name."""
    number = await db.value(queries["add_partner"], {"company_name": company_name, "time_zone": time_zone})
    if number is None:
        raise UsageError(f"a timing partner named {company_name!r} exists already: see project88 partner list")
    return TimingPartnerId(number)


async def partners(db: Database) -> list[dict[str, Any]]:
    return await db.rows(queries["partners"], {})


async def set_credentials(
    db: Database,
    timing_partner_id: TimingPartnerId,
    provider_key: str,
    principal: str,
    secret: str,
    additional_config: Mapping[str, Any],
) -> None:
    """Store a login. Raises UsageError where the partner does not exist."""
    known = {row["timing_partner_id"] for row in await partners(db)}
    if timing_partner_id not in known:
        raise UsageError(f"timing partner {timing_partner_id} does not exist: see project88 partner list")
    parameters = {
        "timing_partner_id": timing_partner_id,
        "provider_key": provider_key,
        "principal": principal,
        "secret": secret,
        "additional_config": json.dumps(dict(additional_config)),
    }
    if not await db.rows(queries["set_credentials"], parameters):
        raise UsageError(f"provider {provider_key} does not exist")


async def credentials(
    db: Database, timing_partner_id: TimingPartnerId | None = None, provider_key: str | None = None
) -> list[Credential]:
    parameters = {"timing_partner_id": timing_partner_id, "provider_key": provider_key}
    names = Credential.__slots__
    rows = await db.rows(queries["credentials"], parameters)
    return [Credential(**{name: row[name] for name in names}) for row in rows]


async def credential(db: Database, timing_partner_id: TimingPartnerId, provider_key: str) -> Credential:
    """Raises ConfigError where the partner has no login with the provider."""
    found = await credentials(db, timing_partner_id, provider_key)
    if not found:
        raise ConfigError(
            f"timing partner {timing_partner_id} has no credentials for {provider_key}: run project88 credentials set "
            f"--timing-partner-id {timing_partner_id} --provider {provider_key} --principal USER"
        )
    return found[0]
