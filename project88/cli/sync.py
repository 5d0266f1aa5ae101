"""``project88 sync``: collect events, participants or results now. Decides which events; sync/ does the collecting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.options import AsJson, PartnerId
from project88.errors import EXIT_DONE, EXIT_FAILED, ConfigError, HubError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from project88.cli.outcomes import Synced
    from project88.records.entities import TimingPartnerId
    from project88.store.connection import Database
    from project88.store.events import StoredEvent
    from project88.store.history import SyncType
    from project88.store.partners import Credential
    from project88.sync.accounts import Account

DEFAULT_PROVIDER = "chronotrack_live"
EVENTS_AT_ONCE = 4

OneProvider = Annotated[
    str | None, typer.Option("--provider", help=f"The provider; without it {DEFAULT_PROVIDER}, else the only one.")
]
OneEvent = Annotated[
    str | None, typer.Option("--event", help="Only this event: our id or the provider's.", metavar="EVENT")
]

app = typer.Typer(
    no_args_is_help=True, help="Collect from a provider now.\n\nExample: project88 sync results --timing-partner-id 1"
)


@app.command("events")
def events_command(
    timing_partner_id: PartnerId, provider: OneProvider = None, event: OneEvent = None, as_json: AsJson = False
) -> None:
    """Collect the partner's list of events. Reads neither entries nor results.

    The service gives the list as a whole; with --event the command also makes sure that this event is known then.
    Exits 0 only when the list came through whole.

    Example: project88 sync events --timing-partner-id 1
    """
    _exit(run(_sync_list(timing_partner_id, provider, event, as_json)))


@app.command("participants")
def participants_command(
    timing_partner_id: PartnerId, provider: OneProvider = None, event: OneEvent = None, as_json: AsJson = False
) -> None:
    """Collect the entries of one event, or of every event the provider still has.

    Exits 0 only when every event came through whole.

    Example: project88 sync participants --timing-partner-id 1 --event 8412
    """
    _exit(run(_sync_events(timing_partner_id, provider, event, "participants", as_json)))


@app.command("results")
def results_command(
    timing_partner_id: PartnerId, provider: OneProvider = None, event: OneEvent = None, as_json: AsJson = False
) -> None:
    """Collect the entries and results of one event, or of every event that has started.

    Exits 0 only when every event came through whole.

    Example: project88 sync results --timing-partner-id 1 --event 8412
    """
    _exit(run(_sync_events(timing_partner_id, provider, event, "results", as_json)))


async def _sync_list(timing_partner_id: int, provider: str | None, event: str | None, as_json: bool) -> bool:
    from project88.cli.outcomes import LIST_COLUMNS, Synced, list_row
    from project88.records.entities import TimingPartnerId
    from project88.store.events import is_known
    from project88.sync.accounts import open_account
    from project88.sync.discovery import discover

    async with hub_database() as db:
        credential = await _credential(db, timing_partner_id, provider)
        async with open_account(db, credential) as account:
            synced = Synced.of(None, await discover(account))
        is_missing = event is not None and not await is_known(db, event, TimingPartnerId(timing_partner_id))
    if as_json:
        print_json([synced])
    else:
        print_table(LIST_COLUMNS, [list_row(synced)])
    if is_missing:
        raise HubError(f"event {event} is not in the partner's list of events")
    return synced.is_complete


async def _sync_events(
    timing_partner_id: int, provider: str | None, event: str | None, sync_type: SyncType, as_json: bool
) -> bool:
    from project88.sync.accounts import open_account

    synced: list[Synced] = []
    async with hub_database() as db:
        credential = await _credential(db, timing_partner_id, provider)
        async with open_account(db, credential) as account:
            wanted = await _wanted(account, event, sync_type)
            try:
                await _collect(account, wanted, sync_type, synced)
            finally:
                # What was collected before a refusal or Ctrl-C is told, too.
                _print_synced(synced, as_json)
    return all(each.is_complete for each in synced)


async def _collect(account: Account, wanted: Sequence[StoredEvent], sync_type: SyncType, synced: list[Synced]) -> None:
    """Collect several events at once. The first error that concerns them all ends the others and is raised."""
    from project88.cli.outcomes import Synced, progress
    from project88.sync.event import everything, participants_only, sync_event

    choice = participants_only if sync_type == "participants" else everything
    waiting = iter(wanted)
    with progress(len(wanted)) as tell:

        async def work() -> None:
            for event in waiting:
                outcome = await sync_event(account, event.scope(account.source), sync_type, choice)
                synced.append(Synced.of(event, outcome))
                tell(synced[-1].line())

        places = min(EVENTS_AT_ONCE, account.client.concurrent_calls, max(len(wanted), 1))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(places):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


async def _wanted(account: Account, event: str | None, sync_type: SyncType) -> Sequence[StoredEvent]:
    """The one event that was asked for, even one the provider gave up, else all that are worth asking for."""
    from project88.store.budget import hub_clock
    from project88.store.events import events_of, find_event

    source = account.source
    if event is not None:
        return [await find_event(account.db, event, source.timing_partner_id, source.data_source)]
    known = await events_of(account.db, source)
    if not known:
        raise UsageError(
            f"no event of timing partner {source.timing_partner_id} at {source.data_source} is known yet: run "
            f"project88 sync events --timing-partner-id {source.timing_partner_id}"
        )
    started_by = (await hub_clock(account.db)).now if sync_type == "results" else None
    return [each for each in known if worth_asking(each, started_by)]


def worth_asking(event: StoredEvent, started_by: datetime | None) -> bool:
    """Whether the provider still has the event and, where an instant is given, it may have started by then."""
    if event.provider_event_id is None or event.upstream_state is not None:
        return False
    return started_by is None or event.start_date is None or event.start_date <= started_by


async def _credential(db: Database, timing_partner_id: int, provider: str | None) -> Credential:
    from project88.records.entities import TimingPartnerId
    from project88.store.partners import credential, credentials, partners

    partner = TimingPartnerId(timing_partner_id)
    if partner not in {row["timing_partner_id"] for row in await partners(db)}:
        raise UsageError(f"timing partner {partner} does not exist: see project88 partner list")
    if provider is not None:
        return await credential(db, partner, provider)
    return chosen(await credentials(db, partner), partner)


def chosen(stored: Sequence[Credential], timing_partner_id: TimingPartnerId) -> Credential:
    """The login to use when no provider was named. Raises UsageError where that could be several."""
    by_provider = {each.provider_key: each for each in stored}
    if DEFAULT_PROVIDER in by_provider:
        return by_provider[DEFAULT_PROVIDER]
    if not stored:
        raise ConfigError(
            f"timing partner {timing_partner_id} has no credentials: run project88 credentials set "
            f"--timing-partner-id {timing_partner_id} --provider {DEFAULT_PROVIDER} --principal USER"
        )
    if len(stored) > 1:
        raise UsageError(
            f"timing partner {timing_partner_id} has credentials for {', '.join(by_provider)}: choose with --provider"
        )
    return stored[0]


def _print_synced(synced: Sequence[Synced], as_json: bool) -> None:
    from project88.cli.outcomes import EVENT_COLUMNS, event_row

    if as_json:
        print_json(synced)
    elif synced:
        print_table(EVENT_COLUMNS, [event_row(each) for each in synced])
    else:
        typer.echo("nothing was collected: no known event is worth asking for")


def _exit(is_complete: bool) -> None:
    raise typer.Exit(EXIT_DONE if is_complete else EXIT_FAILED)
