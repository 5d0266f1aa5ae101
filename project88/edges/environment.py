"""What the environment says: which database, which home folder. The only reader of os.environ; opens nothing."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

from project88.errors import BadValue, ConfigError

LIBPQ_VARIABLES = ("PGHOST", "PGSERVICE", "PGDATABASE")
#: Every variable that can lead to a database: ours, and those of libpq.
DATABASE_VARIABLES = frozenset(
    {"DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"}
    | {f"PG{name}" for name in ("HOST", "HOSTADDR", "PORT", "DATABASE", "USER", "PASSWORD", "PASSFILE", "SERVICE")}
    | {f"PG{name}" for name in ("SERVICEFILE", "OPTIONS", "SSLMODE", "SSLROOTCERT", "SSLCERT", "SSLKEY", "SSLCRL")}
    | {f"PG{name}" for name in ("CHANNELBINDING", "REQUIREAUTH", "TARGETSESSIONATTRS", "GSSENCMODE")}
)
#: And other settings that a service needs.
SERVICE_PREFIXES = (
    "PROJECT88_PG_",
    "PROJECT88_WEB_",
    "PROJECT88_LOG_",
    "PROJECT88_ALERT_",
    "PROJECT88_SMTP_",
    "PROJECT88_KEY_FILE",
    "DATABASE_REPLICA_",
)
TRUSTED_PROXIES = "PROJECT88_WEB_TRUSTED_PROXIES"
#: Of a standby, in seconds: the data that pages read there is never older.
REPLICA_MAX_LAG_SECONDS = 5.0
REPLICA_MAX_LAG_BOUNDS = (1.0, 60.0)
HOME_OF_ROOT = Path("/var/lib/project88")
HUB_DATABASE = "project88"
REHEARSAL_DATABASE = "project88_rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplicitDatabase:
    """A database that the operator named."""

    named_by: str
    #: A connection string as libpq reads it; empty means libpq's own environment.
    conninfo: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedDatabase:
    """The PostgreSQL that the hub starts itself, because no database was named."""

    home: Path
    #: The folder of the server's programs; None lets the launcher look for them.
    binaries: Path | None
    #: Who owns the server when the hub runs as root; None lets the launcher choose.
    os_user: str | None
    #: Its name on that server.
    name: str = HUB_DATABASE


def database(environ: Mapping[str, str] = os.environ) -> ExplicitDatabase | EmbeddedDatabase:
    """Which database the hub works on. An empty one counts as unset; PROJECT88_REHEARSAL goes before all."""
    if environ.get("PROJECT88_REHEARSAL"):
        return replace(embedded(environ), name=REHEARSAL_DATABASE)
    if url := environ.get("DATABASE_URL"):
        return ExplicitDatabase(named_by="DATABASE_URL", conninfo=url)
    for name in LIBPQ_VARIABLES:
        if environ.get(name):
            return ExplicitDatabase(named_by=name, conninfo="")
    if environ.get("DB_HOST"):
        return ExplicitDatabase(named_by="DB_HOST", conninfo=_url_from_parts(environ))
    return embedded(environ)


def embedded(environ: Mapping[str, str] = os.environ) -> EmbeddedDatabase:
    """The embedded server, whatever database is named."""
    binaries = environ.get("PROJECT88_PG_BIN")
    return EmbeddedDatabase(
        home=home(environ),
        binaries=Path(binaries) if binaries else None,
        os_user=environ.get("PROJECT88_PG_OS_USER") or None,
    )


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of everything the hub keeps on this machine. It need not exist yet."""
    if named := environ.get("PROJECT88_HOME"):
        return _expanded(named).absolute()
    if os.geteuid() == 0:
        return HOME_OF_ROOT
    data = environ.get("XDG_DATA_HOME", "")
    # The XDG specification says that a relative path is invalid and to be ignored.
    folder = Path(data) if data.startswith("/") else _expanded("~/.local/share")
    return folder / "project88"


def variable(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """One variable, None where it is unset or empty."""
    return environ.get(name) or None


def web_database_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """The database's address for the pages, with a login of its own; None lets the hub make one."""
    return variable("PROJECT88_WEB_DATABASE_URL", environ)


def web_trusted_proxies(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Proxies of the pages that are believed. Raises ConfigError for what is neither an address nor a network."""
    words = (variable(TRUSTED_PROXIES, environ) or "").replace(",", " ").split()
    try:
        return networks(words)
    except BadValue as error:
        raise ConfigError(f"{TRUSTED_PROXIES}: {error}") from None


def networks(words: Iterable[str]) -> tuple[str, ...]:
    """Raises BadValue for a word that is neither an address nor a network, or names every address there is."""
    found = []
    for word in words:
        try:
            network = ip_network(word)
        except ValueError:
            raise BadValue(f"{word!r} is no address and no network such as 10.0.0.0/8") from None
        if network.prefixlen == 0:
            raise BadValue(f"{word!r} is every address, so every reader's")
        found.append(str(network))
    return tuple(found)


def replica_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """The address of the standby for reads; None where there is none."""
    return variable("DATABASE_REPLICA_URL", environ)


def replica_max_lag_seconds(environ: Mapping[str, str] = os.environ) -> float:
    """How old what is read at the standby may be. Raises ConfigError for what is no number of seconds in bounds."""
    name = "DATABASE_REPLICA_MAX_LAG_SECONDS"
    text = variable(name, environ) or str(REPLICA_MAX_LAG_SECONDS)
    lowest, highest = REPLICA_MAX_LAG_BOUNDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not lowest <= seconds <= highest:
        raise ConfigError(f"{name} is a number of seconds from {lowest:g} to {highest:g}")
    return seconds


def for_child(variables: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a program that we start: ours with these variables."""
    return {**environ, **variables}


def of_a_service(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a service of this machine must be told so that it works as this process does; the home left out."""
    named = DATABASE_VARIABLES & environ.keys()
    others = {name for name in environ if name.startswith(SERVICE_PREFIXES)}
    return {name: environ[name] for name in sorted(named | others) if environ[name]}


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigError("this user has no home folder; set PROJECT88_HOME") from error


def _url_from_parts(environ: Mapping[str, str]) -> str:
    host, port = environ["DB_HOST"], environ.get("DB_PORT")
    user, password = environ.get("DB_USER"), environ.get("DB_PASSWORD")
    name = environ.get("DB_NAME", "")
    login = quote(user, safe="") if user else ""
    if password:
        login += f":{quote(password, safe='')}"
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    return "".join(
        ("postgresql://", f"{login}@" if login else "", place, f":{port}" if port else "", f"/{quote(name)}")
    )
