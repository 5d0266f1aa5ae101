"""``project88 sync``: collect events, participants or results now. Decides which events; sync/ does the collecting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    from project88.store.scope import Source
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
    from project88.sync.discovery import discover

    synced: list[Synced] = []

    async def work(account: Account) -> None:
        synced.append(Synced.of(None, await discover(account), account.source.account_name))

    async with hub_database() as db:
        refusal = await _with_each(db, await _logins(db, timing_partner_id, provider), work)
        is_missing = event is not None and not await is_known(db, event, TimingPartnerId(timing_partner_id))
    if as_json:
        print_json(synced)
    elif synced:
        print_table(LIST_COLUMNS, [list_row(each) for each in synced])
    if refusal is not None:
        raise refusal
    if is_missing:
        raise HubError(f"event {event} is not in the partner's list of events")
    return all(each.is_complete for each in synced)


async def _sync_events(
    timing_partner_id: int, provider: str | None, event: str | None, sync_type: SyncType, as_json: bool
) -> bool:
    synced: list[Synced] = []
    async with hub_database() as db:
        logins = await _logins(db, timing_partner_id, provider)
        shares = _shares(await _wanted(db, logins[0].source, event, sync_type), logins)

        async def work(account: Account) -> None:
            await _collect(account, shares[account.source.account_name], sync_type, synced)

        try:
            refusal = await _with_each(db, [each for each in logins if shares[each.account_name]], work)
        finally:
            # What was collected before a refusal or Ctrl-C is told, too.
            _print_synced(synced, as_json)
    if refusal is not None:
        raise refusal
    return all(each.is_complete for each in synced)


def _shares(events: Sequence[StoredEvent], logins: Sequence[Credential]) -> Mapping[str, Sequence[StoredEvent]]:
    """The events that each account asks for. Those of an account that is gone fall to the main one."""
    shares: dict[str, list[StoredEvent]] = {each.account_name: [] for each in logins}
    for event in events:
        shares.get(event.account_name, shares[logins[0].account_name]).append(event)
    return shares


async def _with_each(
    db: Database, logins: Sequence[Credential], work: Callable[[Account], Awaitable[None]]
) -> HubError | None:
    """Open the accounts one after the other. The error of one does not stop the others; the first one is given."""
    from project88.sync.accounts import open_account

    first: HubError | None = None
    for login in logins:
        try:
            async with open_account(db, login) as account:
                await work(account)
        except HubError as error:
            first = first or error
    return first


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
                synced.append(Synced.of(event, outcome, account.source.account_name))
                tell(synced[-1].line())

        places = min(EVENTS_AT_ONCE, account.client.concurrent_calls, max(len(wanted), 1))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(places):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


async def _wanted(db: Database, source: Source, event: str | None, sync_type: SyncType) -> Sequence[StoredEvent]:
    """The one event that was asked for, even one the provider gave up, else all that are worth asking for."""
    from project88.store.budget import hub_clock
    from project88.store.events import events_of, find_event

    if event is not None:
        return [await find_event(db, event, source.timing_partner_id, source.data_source)]
    known = await events_of(db, source)
    if not known:
        raise UsageError(
            f"no event of timing partner {source.timing_partner_id} at {source.data_source} is known yet: run "
            f"project88 sync events --timing-partner-id {source.timing_partner_id}"
        )
    started_by = (await hub_clock(db)).now if sync_type == "results" else None
    return [each for each in known if worth_asking(each, started_by)]


def worth_asking(event: StoredEvent, started_by: datetime | None) -> bool:
    """Whether the provider still has the event and, where an instant is given, it may have started by then."""
    if event.provider_event_id is None or event.upstream_state is not None:
        return False
    return started_by is None or event.start_date is None or event.start_date <= started_by


async def _logins(db: Database, timing_partner_id: int, provider: str | None) -> Sequence[Credential]:
    """Every account of the partner with the provider, the main one first."""
    from project88.records.entities import TimingPartnerId
    from project88.store.partners import credential, credentials, partners

    partner = TimingPartnerId(timing_partner_id)
    if partner not in {row["timing_partner_id"] for row in await partners(db)}:
        raise UsageError(f"timing partner {partner} does not exist: see project88 partner list")
    key = provider or chosen(await credentials(db, partner), partner).provider_key
    # Where there is none, credential says what to do.
    return await credentials(db, partner, key) or [await credential(db, partner, key)]


def chosen(stored: Sequence[Credential], timing_partner_id: TimingPartnerId) -> Credential:
    """The login to use when no provider was named. Raises UsageError where that could be several."""
    by_provider: dict[str, Credential] = {}
    for each in stored:
        by_provider.setdefault(each.provider_key, each)
    if DEFAULT_PROVIDER in by_provider:
        return by_provider[DEFAULT_PROVIDER]
    if not stored:
        raise ConfigError(
            f"timing partner {timing_partner_id} has no credentials: run project88 credentials set "
            f"--timing-partner-id {timing_partner_id} --provider {DEFAULT_PROVIDER} --principal USER"
        )
    if len(by_provider) > 1:
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
