"""Which database the environment names, and what it never shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from project88.edges import environment
from project88.edges.environment import EmbeddedDatabase, ExplicitDatabase
from project88.errors import ConfigError

PARTS = {"DB_HOST": "db", "DB_PORT": "5433", "DB_USER": "ann@x", "DB_PASSWORD": "p:w/d@%", "DB_NAME": "hub one"}


@pytest.mark.parametrize(
    ("environ", "named_by", "conninfo"),
    [
        ({"DATABASE_URL": "postgresql://a/b", "PGHOST": "c", **PARTS}, "DATABASE_URL", "postgresql://a/b"),
        ({"DATABASE_URL": "", "PGHOST": "c", **PARTS}, "PGHOST", ""),
        ({"PGSERVICE": "c", **PARTS}, "PGSERVICE", ""),
        ({"PGDATABASE": "c", **PARTS}, "PGDATABASE", ""),
    ],
)
def test_the_first_name_in_the_order_decides(environ: dict[str, str], named_by: str, conninfo: str):
    assert environment.database(environ) == ExplicitDatabase(named_by=named_by, conninfo=conninfo)


@pytest.mark.parametrize("host", ["db", "127.0.0.1", "::1", "/run/postgresql"])
def test_parts_become_an_address_whatever_characters_they_hold(host: str):
    found = environment.database({**PARTS, "DB_HOST": host})

    assert isinstance(found, ExplicitDatabase)
    assert conninfo_to_dict(found.conninfo) == {
        "host": host,
        "port": "5433",
        "user": "ann@x",
        "password": "p:w/d@%",
        "dbname": "hub one",
    }


def test_a_host_alone_is_enough():
    found = environment.database({"DB_HOST": "db"})

    assert isinstance(found, ExplicitDatabase)
    assert conninfo_to_dict(found.conninfo) == {"host": "db"}


def test_no_password_is_in_a_repr():
    assert "p:w" not in repr(environment.database(PARTS))


def test_without_a_name_the_database_is_embedded_under_the_home():
    environ = {"PROJECT88_HOME": "/srv/hub", "PROJECT88_PG_BIN": "/opt/pg/bin", "PROJECT88_PG_OS_USER": "ann"}

    assert environment.database(environ) == EmbeddedDatabase(
        home=Path("/srv/hub"), binaries=Path("/opt/pg/bin"), os_user="ann"
    )


def test_trusted_proxies_are_addresses_and_networks_with_commas_or_spaces():
    said = {"PROJECT88_WEB_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8 ::1,"}

    assert environment.web_trusted_proxies(said) == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
    assert environment.web_trusted_proxies({}) == ()


@pytest.mark.parametrize("wrong", ["*", "10.0.0.1/8", "proxy", "0.0.0.0/0"])
def test_what_is_no_proxy_is_an_error_that_names_the_variable(wrong: str):
    with pytest.raises(ConfigError, match="PROJECT88_WEB_TRUSTED_PROXIES"):
        environment.web_trusted_proxies({"PROJECT88_WEB_TRUSTED_PROXIES": f"127.0.0.1,{wrong}"})


def test_the_rehearsal_is_asked_whatever_database_is_named():
    environ = {"PROJECT88_REHEARSAL": "1", "DATABASE_URL": "postgresql://db/hub", "PROJECT88_HOME": "/srv/hub"}

    found = environment.database(environ)

    assert isinstance(found, EmbeddedDatabase)
    assert (found.home, found.name) == (Path("/srv/hub"), "project88_rehearsal")


@pytest.mark.parametrize(
    ("user", "environ", "home"),
    [
        (0, {"XDG_DATA_HOME": "/data"}, Path("/var/lib/project88")),
        (1000, {"XDG_DATA_HOME": "/data"}, Path("/data/project88")),
        (1000, {"XDG_DATA_HOME": "data"}, Path("~/.local/share/project88").expanduser()),
        (1000, {}, Path("~/.local/share/project88").expanduser()),
    ],
)
def test_the_home_is_the_users_data_folder_and_a_system_folder_for_root(monkeypatch, user: int, environ, home: Path):
    monkeypatch.setattr(os, "geteuid", lambda: user)

    assert environment.home(environ) == home
