"""``project88 user``: who may log in to the operator's page. Shows no password and takes none from the command line."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from project88.cli.asking import asked_secretly
from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import partner_named
from project88.cli.options import AsJson
from project88.errors import UsageError

COLUMNS = ("email", "name", "role", "partner", "its name", "active", "since")

app = typer.Typer(
    no_args_is_help=True, help="Say who may log in to the operator's page.\n\nExample: project88 user list"
)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address, which is the login.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; without it you are asked.")
]


class RoleName(StrEnum):
    admin = "admin"
    partner_staff = "partner_staff"
    read_only = "read_only"


@app.command("add")
def add_command(
    email: Email,
    name: Annotated[str, typer.Option(help="The user's name.")],
    role: Annotated[RoleName, typer.Option(help="What the user may do.")],
    timing_partner_id: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Whose rows the user sees. An admin has none and sees all.")
    ] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user, and print the number of it.

    An admin sees and does everything. partner_staff see and act on what belongs to their timing partner; read_only
    users see the same and change nothing.

    Example: project88 user add ann@example.org --name "Ann Lee" --role partner_staff --timing-partner-id 1
    """
    typer.echo(run(_add(email, name, role, timing_partner_id, password_stdin)))


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the users.

    Example: project88 user list
    """
    run(_list(as_json))


@app.command("set-password")
def set_password_command(email: Email, password_stdin: FromStdin = False) -> None:
    """Give a user another password. Sessions that are open end.

    Example: project88 user set-password ann@example.org
    """
    run(_set_password(email, password_stdin))


@app.command("deactivate")
def deactivate_command(email: Email) -> None:
    """Let nobody log in as this user any more. Sessions that are open end; what the user did stays on record.

    Example: project88 user deactivate ann@example.org
    """
    run(_deactivate(email))


async def _add(email: str, name: str, role: RoleName, partner: int | None, from_stdin: bool) -> int:
    from project88.edges.password_hash import hashed
    from project88.store.users import NewUser, add_user

    new = NewUser(email=email.strip(), name=name.strip(), role=role.value, timing_partner_id=partner_named(partner))
    async with hub_database() as db:
        return await add_user(db, new, hashed(_password(email, from_stdin)))


async def _list(as_json: bool) -> None:
    from project88.store.users import users

    async with hub_database() as db:
        found = await users(db)
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (
                each.email,
                each.name,
                each.role,
                each.timing_partner_id,
                each.company_name,
                "yes" if each.is_active else "no",
                f"{each.created_at:%Y-%m-%d}",
            )
            for each in found
        ]
        print_table(COLUMNS, rows)
    else:
        typer.echo("there is no user yet: run project88 user add")


async def _set_password(email: str, from_stdin: bool) -> None:
    from project88.edges.password_hash import hashed
    from project88.store.users import set_password

    async with hub_database() as db:
        await set_password(db, email, hashed(_password(email, from_stdin)))
    typer.echo(f"{email} has another password; open sessions have ended")


async def _deactivate(email: str) -> None:
    from project88.store.users import deactivate

    async with hub_database() as db:
        await deactivate(db, email)
    typer.echo(f"{email} can no longer log in")


def _password(email: str, from_stdin: bool) -> str:
    from project88.edges.password_hash import checked_password

    if from_stdin:
        return checked_password(sys.stdin.readline().rstrip("\r\n"))
    ask = partial(asked_secretly, what="password", option="--password-stdin")
    password = checked_password(ask(f"Password of {email}: "))
    if ask("The same again: ") != password:
        raise UsageError("the two passwords differ; nothing was changed")
    return password
