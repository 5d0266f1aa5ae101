"""The database as the pages see it: by a login that may read only, and never as its owner. Serves no page."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from project88.edges import environment
from project88.edges.passwords import kept_password
from project88.errors import BadValue, ConfigError, UsageError
from project88.store.connection import Database
from project88.store.replica import replica_conninfo
from project88.store.roles import Standing, apply_roles, make_reader, standing
from project88.web.standby import reads_of

HOW_TO = "see docs/howto/database-roles.md"


@asynccontextmanager
async def pages_database(db: Database) -> AsyncIterator[Database]:
    """By PROJECT88_WEB_DATABASE_URL, else by a login that the hub makes. Raises ConfigError where it cannot."""
    url = environment.web_database_url() or await _own_login(db)
    async with Database.open(url) as pages:
        found = await standing(pages)
        if found.too_much is not None:
            raise ConfigError(f"pages must not use the database as {found.login}: {found.too_much}; {HOW_TO}")
        # Whoever forgets to name a timing partner sees nothing.
        yield pages.of_partners([])


@asynccontextmanager
async def reading_database(db: Database) -> AsyncIterator[Database]:
    """The same, whose reads go to the standby of DATABASE_REPLICA_URL, where one is named, while it is new enough."""
    url, most_seconds = environment.replica_url(), environment.replica_max_lag_seconds()
    async with pages_database(db) as pages:
        if url is None:
            yield pages
            return
        async with reads_of(pages, replica_conninfo(url, pages), most_seconds) as reads:
            yield reads


def trusted_proxies(said: Sequence[str] | None) -> tuple[str, ...]:
    """What the command says, else the environment. Raises UsageError for what is neither an address nor a network."""
    if not said:
        return environment.web_trusted_proxies()
    try:
        return environment.networks(said)
    except BadValue as error:
        raise UsageError(f"--trusted-proxy: {error}") from None


async def _own_login(db: Database) -> str:
    found = await standing(db)
    if found.too_much is None:
        return db.conninfo
    await _require_roles(db, found)
    login = f"project88_web_{_short_hash(await db.name())}"
    return await make_reader(db, login, kept_password(login))


async def _require_roles(db: Database, found: Standing) -> None:
    why_not = None if found.rows_are_secured else await apply_roles(db)
    if not found.may_create_roles:
        why_not = why_not or f"{found.login} may not create roles"
    if why_not is not None:
        raise ConfigError(
            f"pages need a login that may only read, and the hub cannot make one: {why_not}. Let a database"
            " administrator run: psql -f database/roles.sql, make a login in project88_reader, and name it in"
            f" PROJECT88_WEB_DATABASE_URL; {HOW_TO}"
        )


def _short_hash(database: str) -> str:
    """Logins belong to the server, which may have several hubs."""
    return hashlib.sha256(f"{database} {environment.home()}".encode()).hexdigest()[:12]
