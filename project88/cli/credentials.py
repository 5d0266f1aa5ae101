"""``project88 credentials``: store, list and test logins. Shows no secret."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.options import AnyPartnerId, AnyProvider, AsJson, PartnerId
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError, ProviderError, UsageError

if TYPE_CHECKING:
    from project88.cli.logins import Tested
    from project88.store.connection import Database
    from project88.store.partners import Credential

LIST_COLUMNS = ("partner", "name", "provider", "principal", "secret", "auth", "host", "client_id", "note")
TEST_COLUMNS = ("partner", "provider", "principal", "state", "remedy")

app = typer.Typer(
    no_args_is_help=True,
    help="Store, list and test the logins of timing partners.\n\nExample: project88 credentials list",
)


@app.command("set")
def set_command(
    timing_partner_id: PartnerId,
    provider: Annotated[str, typer.Option(help="The provider's key, such as chronotrack_live.")],
    principal: Annotated[str, typer.Option(help="The login's user name.")],
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")] = False,
    config: Annotated[
        str | None,
        typer.Option(help="additional_config as a JSON object; without it a stored one stays.", metavar="JSON"),
    ] = None,
) -> None:
    """Store a partner's login with a provider, in place of an earlier one. Calls no service.

    Asks for the secret without showing it. The secret is the password or a digest of it.

    Example: project88 credentials set --timing-partner-id 1 --provider chronotrack_live --principal me@example.com
    """
    run(_set(timing_partner_id, provider, _required("--principal", principal), secret_stdin, parsed_config(config)))


@app.command("list")
def list_command(timing_partner_id: AnyPartnerId = None, provider: AnyProvider = None, as_json: AsJson = False) -> None:
    """List the stored logins with the kind of secret each has, never the secret.

    Example: project88 credentials list --timing-partner-id 1
    """
    run(_list(timing_partner_id, provider, as_json))


@app.command("test")
def test_command(timing_partner_id: AnyPartnerId = None, provider: AnyProvider = None, as_json: AsJson = False) -> None:
    """Log in once with each stored login: one call each, and a few more where a service does not answer.

    Exits 0 only when every login is ok.

    Example: project88 credentials test --timing-partner-id 1
    """
    raise typer.Exit(EXIT_DONE if run(_test(timing_partner_id, provider, as_json)) else EXIT_FAILED)


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


async def _set(
    timing_partner_id: int, provider: str, principal: str, secret_stdin: bool, config: Mapping[str, Any] | None
) -> None:
    from project88.cli.logins import opened
    from project88.providers.catalogue import CATALOGUE
    from project88.records.entities import TimingPartnerId
    from project88.store.partners import credentials, set_credentials

    partner = TimingPartnerId(timing_partner_id)
    async with hub_database() as db:
        stored = await credentials(db, partner, provider)
        kept = _kept_config(stored[0]) if stored and config is None else {}
        wanted = kept if config is None else config
        secret = _secret_from_stdin() if secret_stdin else _secret_from_terminal(principal)
        if provider in CATALOGUE:
            opened(provider, principal, secret, wanted)
        await set_credentials(db, partner, provider, principal, secret, wanted)
    typer.echo(f"stored the login of timing partner {timing_partner_id} with {provider}")
    if kept:
        typer.echo(f"kept its additional_config ({', '.join(sorted(kept))}); --config replaces it")
    if provider not in CATALOGUE:
        typer.echo(f"note: {provider} cannot be collected from yet; the login waits until it can")


async def _list(timing_partner_id: int | None, provider: str | None, as_json: bool) -> None:
    from project88.cli.logins import described

    async with hub_database() as db:
        found = [described(each) for each in await _credentials(db, timing_partner_id, provider)]
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (
                each.timing_partner_id,
                each.company_name,
                each.provider,
                each.principal,
                each.secret,
                each.auth,
                each.base_url_host,
                "yes" if each.has_client_id else "no",
                each.note,
            )
            for each in found
        ]
        print_table(LIST_COLUMNS, rows)
    else:
        typer.echo("no login is stored: run project88 credentials set")


async def _test(timing_partner_id: int | None, provider: str | None, as_json: bool) -> bool:
    async with hub_database() as db:
        found = await _credentials(db, timing_partner_id, provider)
        if not found:
            raise ConfigError("no login is stored to test: run project88 credentials set")
        results = await asyncio.gather(*(_tested(db, each) for each in found))
    if as_json:
        print_json(results)
    else:
        _print_tested(results)
    return all(each.state == "ok" for each in results)


async def _tested(db: Database, credential: Credential) -> Tested:
    from project88.cli.logins import opened, tested
    from project88.sync.accounts import open_account

    try:
        opened(credential.provider_key, credential.principal, credential.secret, credential.additional_config)
        async with open_account(db, credential) as account:
            await account.client.get(account.provider.login_probe())
    except (ConfigError, ProviderError, UsageError) as error:
        return tested(credential, error)
    return tested(credential, None)


def _print_tested(results: Sequence[Tested]) -> None:
    rows = [(each.timing_partner_id, each.provider, each.principal, each.state, each.remedy) for each in results]
    print_table(TEST_COLUMNS, rows)


def _kept_config(stored: Credential) -> Mapping[str, Any]:
    if not isinstance(stored.additional_config, Mapping):
        raise ConfigError("the stored additional_config is not a JSON object: give --config to replace it")
    return stored.additional_config


async def _credentials(db: Database, timing_partner_id: int | None, provider: str | None) -> list[Credential]:
    from project88.records.entities import TimingPartnerId
    from project88.store.partners import credentials

    partner = TimingPartnerId(timing_partner_id) if timing_partner_id else None
    return await credentials(db, partner, provider)


def _secret_from_stdin() -> str:
    """All of standard input without one newline at its end."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("the secret on standard input is not UTF-8 text") from None
    return _required("the secret", text.removesuffix("\r\n" if text.endswith("\r\n") else "\n"))


def _secret_from_terminal(principal: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the secret on: give --secret-stdin and pipe it in")
    return _required("the secret", getpass.getpass(f"Secret of {principal}: "))


def _required(what: str, text: str) -> str:
    if not text or "\x00" in text:
        raise UsageError(f"{what} must not be empty nor hold a NUL character")
    return text
