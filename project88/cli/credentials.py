"""``project88 credentials``: store, seal, list and test logins. Shows no secret."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from project88.cli.asking import asked_secretly
from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import partner_named
from project88.cli.options import AnyAccount, AnyPartnerId, AnyProvider, AsJson, PartnerId
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from project88.cli.login_trials import Tested
    from project88.store.connection import Database
    from project88.store.partners import Credential, Login

ACCOUNT = "account"
#: Their logins are for those who come to us.
TIMING_COMPUTERS = "chronotrack_tcp"
LIST_COLUMNS = ("partner", "name", "provider", ACCOUNT, "principal", "secret", "auth", "host", "client_id", "note")
TEST_COLUMNS = ("partner", "provider", ACCOUNT, "principal", "state", "takes", "remedy")

app = typer.Typer(
    no_args_is_help=True,
    help="Store, seal, list and test the logins of timing partners.\n\nExample: project88 credentials list",
)


@app.command("set")
def set_command(
    timing_partner_id: PartnerId,
    provider: Annotated[str, typer.Option(help="The provider's key, such as chronotrack_live.")],
    principal: Annotated[str, typer.Option(help="The login's user name.")],
    account: Annotated[str, typer.Option(help="The name of a further account; the main one has none.")] = "",
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")] = False,
    config: Annotated[
        str | None,
        typer.Option(help="additional_config as a JSON object; without it a stored one stays.", metavar="JSON"),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a new key where the one of other stored secrets is lost.")
    ] = False,
) -> None:
    """Store a partner's login with a provider, sealed, in place of an earlier one. Calls no service.

    Asks for the secret without showing it. The secret is the password or a digest of it. It is encrypted with the key
    in credentials.keys of the home folder, or in the file that PROJECT88_KEY_FILE names; the first use makes the key.

    Example: project88 credentials set --timing-partner-id 1 --provider chronotrack_live --principal me@example.com
    """
    from project88.records.entities import TimingPartnerId
    from project88.store.partners import Login

    login = Login(
        timing_partner_id=TimingPartnerId(timing_partner_id),
        provider_key=provider,
        account_name=account,
        principal=_required("--principal", principal),
        secret="",
        additional_config={},
    )
    run(_set(login, secret_stdin, parsed_config(config), new_key))


@app.command("list")
def list_command(
    timing_partner_id: AnyPartnerId = None,
    provider: AnyProvider = None,
    account: AnyAccount = None,
    as_json: AsJson = False,
) -> None:
    """List the stored logins with the kind of secret each has, never the secret.

    Example: project88 credentials list --timing-partner-id 1
    """
    run(_list(timing_partner_id, provider, account, as_json))


@app.command("seal")
def seal_command(
    timing_partner_id: AnyPartnerId = None,
    provider: AnyProvider = None,
    account: AnyAccount = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also logins with providers that the hub does not collect from.")
    ] = False,
) -> None:
    """Encrypt in place the secrets that are stored in plain, such as those of the deployment page. Calls no service.

    Logins with providers that the hub does not collect from are left as they are unless --all or --provider asks for
    them: another program that reads them would no longer understand them.

    Example: project88 credentials seal
    """
    run(_seal(timing_partner_id, provider, account, every))


@app.command("rotate")
def rotate_command(
    forget_old: Annotated[
        bool, typer.Option("--forget-old", help="Make no key; remove the old ones that no stored login needs.")
    ] = False,
) -> None:
    """Make a new key and encrypt all sealed secrets with it, in one transaction.

    The old keys stay in the key file until --forget-old removes them. May be stopped and run again at any point.

    Example: project88 credentials rotate
    """
    run(_forget_old() if forget_old else _rotate())


@app.command("test")
def test_command(
    timing_partner_id: AnyPartnerId = None,
    provider: AnyProvider = None,
    account: AnyAccount = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Store the form of the secret that a service takes, where it is another.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Log in with each stored login: one call each, and a few more where a service does not answer.

    Where ChronoTrack Live refuses a password in the form that is set by default, its other forms are tried too, with
    one call each: three refused calls at most. Exits 0 only when every login is ok.

    Example: project88 credentials test --timing-partner-id 1
    """
    raise typer.Exit(EXIT_DONE if run(_test(timing_partner_id, provider, account, keep, as_json)) else EXIT_FAILED)


def parsed_config(text: str | None) -> Mapping[str, Any] | None:
    """The object in a JSON text; None where none was given. The text is not quoted back: it may hold a secret."""
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UsageError(f"--config: {error}; give a JSON object such as {{}}") from None
    if not isinstance(found, dict):
        raise UsageError("--config must be a JSON object, such as {}")
    return found


async def _set(login: Login, secret_stdin: bool, config: Mapping[str, Any] | None, new_key: bool) -> None:
    from project88.cli.logins import opened
    from project88.providers.catalogue import CATALOGUE
    from project88.providers.chronotrack_tcp.asked import account_settings
    from project88.sync.sealed_logins import described, store_sealed

    async with hub_database() as db:
        stored = await _credentials(db, login.timing_partner_id, login.provider_key, login.account_name)
        kept = _kept_config(stored[0]) if stored and config is None else {}
        secret = _secret_from_stdin() if secret_stdin else _secret_from_terminal(login.principal)
        login = replace(login, secret=_not_sealed(secret), additional_config=kept if config is None else config)
        if login.provider_key in CATALOGUE:
            opened(login)
        elif login.provider_key == TIMING_COMPUTERS:
            account_settings(login.additional_config)
        await store_sealed(db, login, with_new_key=new_key)
    typer.echo(f"stored the login of {described(login)}, sealed")
    if kept:
        typer.echo(f"kept its additional_config ({', '.join(sorted(kept))}); --config replaces it")
    if login.provider_key == TIMING_COMPUTERS:
        typer.echo("project88 listen lets a timing computer in that logs in with it, a running one within seconds")
    elif login.provider_key not in CATALOGUE:
        typer.echo(f"note: {login.provider_key} cannot be collected from yet; the login waits until it can")


async def _list(timing_partner_id: int | None, provider: str | None, account: str | None, as_json: bool) -> None:
    from project88.cli.logins import described

    async with hub_database() as db:
        found = [described(each) for each in await _credentials(db, timing_partner_id, provider, account)]
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (
                each.timing_partner_id,
                each.company_name,
                each.provider,
                each.account,
                each.principal,
                each.secret,
                each.auth,
                each.base_url_host,
                "yes" if each.has_client_id else "no",
                each.note,
            )
            for each in found
        ]
        _print_accounts(LIST_COLUMNS, rows)
    else:
        typer.echo("no login is stored: run project88 credentials set")


async def _seal(timing_partner_id: int | None, provider: str | None, account: str | None, every: bool) -> None:
    from project88.sync.sealed_logins import SEALED_PROVIDERS, has_plain_secret, is_for_the_hub, seal_logins

    is_chosen = _chosen(timing_partner_id, provider, account)
    with_others = every or provider is not None
    async with hub_database() as db:
        count = await seal_logins(db, lambda each: is_chosen(each) and (with_others or is_for_the_hub(each)))
        left = [each for each in await _credentials(db, None, None) if is_chosen(each) and has_plain_secret(each)]
    typer.echo(f"sealed {count.sealed}, sealed already {count.were_sealed}")
    if others := count.providers - SEALED_PROVIDERS:
        typer.echo(f"note: other programs that read logins of {', '.join(sorted(others))} no longer understand them")
    if left:
        names = ", ".join(sorted({each.provider_key for each in left}))
        typer.echo(f"left in plain {len(left)} of {names}: other programs may read them; --all seals them too")


async def _rotate() -> None:
    from project88.sync.sealed_logins import rotate_keys

    async with hub_database() as db:
        done = await rotate_keys(db)
    typer.echo(f"made the key {done.key_id} and sealed {done.resealed} logins and {done.webhooks} webhooks with it")
    typer.echo("copy the key file to where you keep its copy, and restart services that have it from systemd")
    if done.old_key_ids:
        old = ", ".join(done.old_key_ids)
        typer.echo(
            f"backups made so far need the old keys ({old}); project88 credentials rotate --forget-old drops them"
        )


async def _forget_old() -> None:
    from project88.sync.sealed_logins import forget_old_keys

    async with hub_database() as db:
        gone = await forget_old_keys(db)
    typer.echo(f"removed {', '.join(gone)}" if gone else "no key was removed: each one is the newest or in use")


async def _test(
    timing_partner_id: int | None, provider: str | None, account: str | None, keep: bool, as_json: bool
) -> bool:
    from project88.cli.login_trials import tried

    async with hub_database() as db:
        stored = await _credentials(db, timing_partner_id, provider, account)
        found = [each for each in stored if each.provider_key != TIMING_COMPUTERS]
        if len(found) < len(stored):
            typer.echo("logins of timing computers are not tested: the computers log in to project88 listen", err=True)
        if not found:
            raise ConfigError("no login is stored to test: run project88 credentials set")
        results = await asyncio.gather(*(tried(db, each, keep) for each in found))
    if as_json:
        print_json(results)
    else:
        _print_tested(results)
    return all(each.state == "ok" for each in results)


def _print_tested(results: Sequence[Tested]) -> None:
    rows = [
        (
            each.timing_partner_id,
            each.provider,
            each.account,
            each.principal,
            each.state,
            each.takes,
            each.remedy,
        )
        for each in results
    ]
    _print_accounts(TEST_COLUMNS, rows)


def _print_accounts(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A partner has mostly one account with a provider; the names are shown where one has a name."""
    at = columns.index(ACCOUNT)
    shown = [number for number in range(len(columns)) if number != at or any(row[at] for row in rows)]
    print_table([columns[number] for number in shown], [[row[number] for number in shown] for row in rows])


def _chosen(timing_partner_id: int | None, provider: str | None, account: str | None) -> Callable[[Login], bool]:
    def is_chosen(login: Login) -> bool:
        return (
            timing_partner_id in (None, login.timing_partner_id)
            and provider in (None, login.provider_key)
            and account in (None, login.account_name)
        )

    return is_chosen


def _kept_config(stored: Credential) -> Mapping[str, Any]:
    """The stored settings in plain. The old secret goes, so that its key is not asked for."""
    from project88.sync.sealed_logins import unsealed

    if not isinstance(stored.additional_config, Mapping):
        raise ConfigError("the stored additional_config is not a JSON object: give --config to replace it")
    return unsealed(replace(stored, secret="")).additional_config


async def _credentials(
    db: Database, timing_partner_id: int | None, provider: str | None, account: str | None = None
) -> list[Credential]:
    from project88.store.partners import credentials

    partner = partner_named(timing_partner_id)
    found = await credentials(db, partner, provider)
    return [each for each in found if account in (None, each.account_name)]


def _not_sealed(secret: str) -> str:
    from project88.edges.sealing import is_sealed

    if is_sealed(secret):
        raise UsageError("this is a sealed secret; give the password itself or a digest of it")
    return secret


def _secret_from_stdin() -> str:
    """All of standard input without one newline at its end."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("the secret on standard input is not UTF-8 text") from None
    return _required("the secret", text.removesuffix("\r\n" if text.endswith("\r\n") else "\n"))


def _secret_from_terminal(principal: str) -> str:
    return _required("the secret", asked_secretly(f"Secret of {principal}: ", "secret", "--secret-stdin"))


def _required(what: str, text: str) -> str:
    if not text or "\x00" in text:
        raise UsageError(f"{what} must not be empty nor hold a NUL character")
    return text
