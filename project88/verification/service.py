"""The slots that ask the service, through the code that collects, and roll back what they stored."""

from __future__ import annotations

from dataclasses import replace

from project88.backfill import BackfillOptions, PlannedEvent, SilentObserver
from project88.backfill.plan import choose
from project88.backfill.planning import look_at_event_list, plan_partner
from project88.errors import ConfigError, CredentialsRefused, ProviderError
from project88.providers.chronotrack_live.auth import secret_kind
from project88.providers.contract import Course, Provider
from project88.store import backfill as checkpoints
from project88.store.history import Outcome
from project88.store.scope import EventScope
from project88.store.scratch import rolled_back
from project88.store.verification import event_for_trial
from project88.sync.accounts import open_account
from project88.sync.client import ProviderClient
from project88.sync.discovery import discover
from project88.sync.event import Wanted, participants_only, sync_event
from project88.sync.sealed_logins import unsealed
from project88.verification.report import Findings
from project88.verification.work import Collected, Trial, Work, each_account, each_service

#: Of so many of the newest past events the smallest one is collected.
EVENTS_LOOKED_AT = 3


async def adapter_authentication(work: Work, findings: Findings) -> None:
    await each_service(work, findings, _log_in)


async def _log_in(work: Work, trial: Trial, own: Findings) -> None:
    """One call. Where no answer comes the login is not judged."""
    trial.stop = "the login cannot be used: see adapter_authentication"
    account = await work.stack.enter_async_context(open_account(work.db, trial.credential))
    client = account.client.counting_anew("verification")
    trial.account = replace(account, client=client)
    try:
        answer = await client.get(account.provider.login_probe())
        trial.answer = account.provider.events().read(answer, 1)
    except CredentialsRefused as error:
        trial.stop = "the service refused the login: see adapter_authentication"
        raise CredentialsRefused(f"{error}{_hint(trial)}") from error
    except ProviderError as error:
        trial.stop, trial.no_answer = None, error
        own.not_checked.append("the service gave no answer to judge the login by: see api_connectivity")
    else:
        trial.stop = None
        own.facts.append("the service took the login")
    finally:
        trial.calls += client.calls


def _hint(trial: Trial) -> str:
    if secret_kind(unsealed(trial.credential).secret) == "password":
        return ""
    return " It may not take this digest; then store the password itself with project88 credentials set"


async def api_connectivity(work: Work, findings: Findings) -> None:
    await each_service(work, findings, _connectivity)


async def _connectivity(work: Work, trial: Trial, own: Findings) -> None:
    if trial.no_answer is not None:
        trial.stop = "the service does not answer: see api_connectivity"
        own.problems.append(f"{trial.no_answer}. Check base_url and the network, then try again")
        return
    rows = trial.answer.facts.row_count if trial.answer else None
    own.facts.append(f"the service answered; it lists {'an unknown number of' if rows is None else rows} events")


async def event_discovery(work: Work, findings: Findings) -> None:
    await each_service(work, findings, _discovery)


async def _discovery(work: Work, trial: Trial, own: Findings) -> None:
    async with rolled_back(work.db) as scratch:
        outcome = await discover(replace(trial.opened, db=scratch))
    trial.calls += outcome.api_calls
    trial.events = outcome.events_synced
    own.warnings += [
        f"event {each.provider_event_id} ({each.event_name}) is held back as a possible duplicate of a hardware event"
        for each in outcome.held_back
    ]
    _judge(outcome, outcome.events_synced + len(outcome.held_back), "events of the list", own)


async def participant_collection(work: Work, findings: Findings) -> None:
    await each_service(work, findings, _participants)


async def _participants(work: Work, trial: Trial, own: Findings) -> None:
    """Collects the event that the next slot needs too."""
    await _make_plan(work, trial)
    event = _smallest(trial)
    if event is None:
        own.not_checked.append("the account has no event to collect: see event_discovery and backfill_system")
        return
    trial.collected = await _collect(work, trial, event)
    outcome = trial.collected.participants
    _judge(outcome, outcome.participants_synced, f"participants of {trial.collected.name}", own)


async def results_collection(work: Work, findings: Findings) -> None:
    await each_service(work, findings, _results)


async def _results(work: Work, trial: Trial, own: Findings) -> None:
    if trial.collected is None:
        own.not_checked.append("no event was collected: see participant_collection")
        return
    outcome = trial.collected.results
    _judge(outcome, outcome.results_synced, f"results of {trial.collected.name}", own)


async def backfill_system(work: Work, findings: Findings) -> None:
    check = _stored_plan if work.options.dry_run else _whole_plan
    await each_account(work, findings, check)


async def _stored_plan(work: Work, trial: Trial, own: Findings) -> None:
    """The plan that can be made of the stored events alone."""
    window = await checkpoints.window(work.db, trial.credential.time_zone, None)
    stored = await checkpoints.stored_events(work.db, trial.credential)
    planned = [event for event, verdict in choose(stored, window, None) if verdict == "import"]
    own.facts.append(
        f"{len(planned)} of {len(stored)} stored events are of the window from {window.begins:%Y-%m-%d} on"
    )
    own.not_checked.append("a dry run sends no packet, so the service's own list was not planned")


async def _whole_plan(work: Work, trial: Trial, own: Findings) -> None:
    """A dry run of the backfill: what it would import, and nothing written."""
    await _make_plan(work, trial)
    if trial.plan is None:
        own.problems.append(trial.no_plan or "there is no plan")
        return
    own.problems += trial.plan.errors
    own.warnings += [
        f"event {each.provider_event_id}: {each.size.problem}" for each in trial.plan.events if each.size.problem
    ]
    own.facts.append(
        f"of {trial.plan.discovered} events the newest {len(trial.plan.imports)} would be imported: "
        f"{trial.plan.rows} rows, {trial.plan.calls} calls"
    )


async def _make_plan(work: Work, trial: Trial) -> None:
    """Once for each account; a failure is told by backfill_system."""
    if trial.plan is not None or trial.no_plan is not None:
        return
    options = BackfillOptions(limit_events=EVENTS_LOOKED_AT, dry_run=True)
    try:
        trial.plan = await plan_partner(work.db, trial.credential, options, look_at_event_list, SilentObserver())
        trial.calls += trial.plan.api_calls
    except (ConfigError, ProviderError) as error:
        trial.no_plan = str(error)


def _smallest(trial: Trial) -> PlannedEvent | None:
    """The smallest of the newest past events that has any rows; else one that is to come."""
    if trial.plan is None:
        return None
    past = sorted(trial.plan.imports, key=lambda event: (not event.size.rows, event.size.rows or 0))
    others = [event for event in trial.plan.events if event.verdict in ("not started", "before the window")]
    return next(iter([*past, *others]), None)


async def _collect(work: Work, trial: Trial, planned: PlannedEvent) -> Collected:
    """Participants, then results, as a poll would store them; both are rolled back."""
    event = planned.event
    async with rolled_back(work.db) as scratch:
        account = replace(trial.opened, db=scratch)
        scope = await event_for_trial(
            scratch, account.source, event.provider_event_id, event.event_name, event.start_date
        )
        participants = await sync_event(account, scope, "verification", participants_only)
        trial.calls += participants.api_calls
        results = await sync_event(account, scope, "verification", _results_only)
        trial.calls += results.api_calls
    name = f"event {event.provider_event_id} ({event.event_name or 'no name'})"
    return Collected(name=name, participants=participants, results=results)


async def _results_only(client: ProviderClient, provider: Provider, scope: EventScope, course: Course) -> Wanted:
    return Wanted(participants=False, results=provider.results(scope.provider_event_id, course), whole=False)


def _judge(outcome: Outcome, rows: int, what: str, own: Findings) -> None:
    """A list that came through empty shows nothing, so it has not passed."""
    told = outcome.error_message or outcome.reason
    if outcome.status == "skipped":
        own.not_checked.append(told or f"{what}: skipped")
    elif outcome.status != "completed":
        own.problems.append(f"{what}: {outcome.status}: {told}")
    elif not rows:
        own.not_checked.append(f"{what}: the service lists none")
    else:
        own.facts.append(f"{rows} {what}, {outcome.rows_written} rows stored and rolled back")
    if outcome.rows_quarantined:
        own.warnings.append(f"{what}: {outcome.rows_quarantined} rows cannot be read")
