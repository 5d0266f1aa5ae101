"""What psycopg raises becomes what the hub raises, here and nowhere else. Runs nothing.

Messages carry the server's first line only: its DETAIL quotes rows, and a row may hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from project88.errors import ConfigError, DatabaseAway, StoreError

#: Classes and codes of SQLSTATE that only an operator can mend: login, database, schema, rights.
OPERATOR_STATES = ("28", "3D000", "3F000", "42501")
#: A server that starts, stops or recovers answers with these.
STARTING_STATES = ("57P03", "57P01")


@contextmanager
def translated(while_doing: str = "") -> Iterator[None]:
    """Raise the hub's error for each of psycopg's, with psycopg's as its cause."""
    try:
        yield
    except psycopg.Error as error:
        text = f"{while_doing}: {_said(error)}" if while_doing else _said(error)
        if _state(error).startswith(OPERATOR_STATES):
            raise ConfigError(f"{text}; an operator must change this in PostgreSQL") from error
        raise StoreError(text) from error


@contextmanager
def connecting() -> Iterator[None]:
    """Raise ConfigError when the database that was named cannot be reached or refuses us."""
    try:
        yield
    except psycopg.Error as error:
        kind = DatabaseAway if _state(error) in ("", *STARTING_STATES) else ConfigError
        raise kind(f"cannot connect to the database: {_said(error)}; check how it is named") from error


def checked_conninfo(conninfo: str, **settings: str | int) -> str:
    """The connection string with our settings. A malformed one is not quoted back, as it may hold a password."""
    try:
        conninfo_to_dict(conninfo)
    except psycopg.Error:
        raise ConfigError("the database's address cannot be read; it looks like postgresql://user@host/name") from None
    return make_conninfo(conninfo, **settings)


def _said(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error) or type(error).__name__
    state = _state(error)
    return " ".join(text.split()) + (f" (SQLSTATE {state})" if state else "")


def _state(error: psycopg.Error) -> str:
    return error.diag.sqlstate or error.sqlstate or ""
