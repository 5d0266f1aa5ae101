"""One credential opened for work: its provider and a client that keeps its budget."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from project88.edges.redaction import hide_secrets
from project88.errors import HubError, UsageError
from project88.providers.catalogue import CATALOGUE, provider
from project88.providers.contract import Provider
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.partners import Credential, credentials
from project88.store.scope import Source
from project88.sync.client import ProviderClient, provider_client
from project88.sync.sealed_logins import unsealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    db: Database
    source: Source
    provider: Provider
    client: ProviderClient
    company_name: str


async def collectable_credentials(
    db: Database, timing_partner_id: int | None = None, provider_key: str | None = None
) -> list[Credential]:
    """The logins of one partner or of all with providers that can be collected from."""
    if provider_key is not None and provider_key not in CATALOGUE:
        raise UsageError(f"provider {provider_key!r} cannot be collected from; known: {', '.join(sorted(CATALOGUE))}")
    partner = None if timing_partner_id is None else TimingPartnerId(timing_partner_id)
    return [each for each in await credentials(db, partner, provider_key) if each.provider_key in CATALOGUE]


def allowed_calls(credential: Credential) -> float | None:
    """Calls per minute; None where the provider or the settings cannot be read."""
    if credential.provider_key not in CATALOGUE:
        return None
    # The limit does not depend on the secret, so that nobody needs a key to know it.
    login = (credential.principal, "", credential.additional_config)
    try:
        return provider(credential.provider_key, *login).limits.calls_per_minute
    except HubError:
        return None


@asynccontextmanager
async def open_account(db: Database, credential: Credential) -> AsyncIterator[Account]:
    """Raises ConfigError where the secret cannot be unsealed or the settings cannot work. Calls no service."""
    login = unsealed(credential)
    opened = provider(login.provider_key, login.principal, login.secret, login.additional_config)
    hide_secrets(opened.secrets())
    async with provider_client(db, opened, credential.source) as client:
        yield Account(
            db=db,
            source=credential.source,
            provider=opened,
            client=client,
            company_name=credential.company_name,
        )
