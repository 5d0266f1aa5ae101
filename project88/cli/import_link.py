"""``project88 import race-result``: results from a link that is a secret. Decides nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from project88.cli.common import hub_database, run
from project88.cli.files import file_bytes
from project88.cli.import_lists import (
    Asked,
    Complete,
    Event,
    Mapping,
    Maps,
    Preview,
    Race,
    SaveMapping,
    Splits,
    event_of,
    import_table,
)
from project88.cli.options import AnyPartnerId, AsJson
from project88.errors import ConfigError, UsageError

LinkEnv = Annotated[str | None, typer.Option(metavar="NAME", help="The environment variable that holds the link.")]
LinkFile = Annotated[Path | None, typer.Option(metavar="FILE", help="The file that holds the link.")]


def race_result_command(
    event: Event,
    timing_partner_id: AnyPartnerId = None,
    link_env: LinkEnv = None,
    link_file: LinkFile = None,
    race: Race = None,
    maps: Maps = None,
    splits: Splits = None,
    mapping: Mapping = None,
    save_mapping: SaveMapping = None,
    preview: Preview = False,
    complete: Complete = False,
    as_json: AsJson = False,
) -> None:
    """Take results from a link of RACE RESULT's simple API, in JSON, CSV or XLSX, as import results does from a file.

    The link holds its key, so it is read from a variable or from a file, and shown nowhere. It is called every 10 s at
    most, since the service gives the same answer for so long.

    Example: project88 import race-result p1 --link-env RACE_RESULT_LINK --map "BIB=bib" --map "TIME=gun time"
    """
    asked = Asked(
        event=event,
        partner=timing_partner_id,
        maps=maps,
        splits=splits,
        mapping=mapping,
        save_mapping=save_mapping,
        race=race,
        preview=preview,
        complete=complete,
        as_json=as_json,
    )
    raise typer.Exit(run(_from_link(_link_text(link_env, link_file), asked)))


async def _from_link(text: str, asked: Asked) -> int:
    from project88.imports.race_result import fetch, read_link

    link = read_link(text)
    async with hub_database() as db:
        event = await event_of(db, asked)
        return await import_table(db, event, await fetch(db, link, event.timing_partner_id), asked)


def _link_text(link_env: str | None, link_file: Path | None) -> str:
    from project88.edges import environment

    if (link_env is None) == (link_file is None):
        raise UsageError("give either --link-env NAME or --link-file FILE; a link on the command line would be seen")
    if link_file is not None:
        return file_bytes(link_file).decode("utf-8", "replace")
    found = environment.variable(link_env or "")
    if found is None:
        raise ConfigError(f"the environment has no variable {link_env} that holds the link")
    return found
