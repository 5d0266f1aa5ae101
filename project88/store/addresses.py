"""The parts of a database's address, for programs beside ours: pg_dump, pg_restore, psql. Connects to nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from project88.store.failures import checked_conninfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database as libpq's programs take it: the password in their environment, and nowhere in an argument."""

    variables: dict[str, str] = field(repr=False)
    #: The database's name alone, as --dbname takes it.
    argument: str


def address(conninfo: str) -> Address:
    """The parts of an address that names its database. What it leaves out stays as libpq's variables say."""
    parts = [part for part in Conninfo.parse(checked_conninfo(conninfo).encode()) if part.val and part.envvar]
    variables = {(part.envvar or b"").decode(): (part.val or b"").decode() for part in parts}
    name = database_name(conninfo)
    return Address(
        variables={**variables, "PGAPPNAME": "project88"}, argument=make_conninfo("", dbname=name) if name else ""
    )


def with_database(conninfo: str, name: str) -> str:
    """The same server and login, another database."""
    return make_conninfo(checked_conninfo(conninfo), dbname=name)


def database_name(conninfo: str) -> str | None:
    """The database that an address names; None where it leaves that to libpq."""
    found = conninfo_to_dict(checked_conninfo(conninfo)).get("dbname")
    return str(found) if found else None
