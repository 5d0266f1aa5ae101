"""The whole backfill: plan every partner, tell the plan, execute it, report. The one entry for all callers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from project88.backfill import parallel
from project88.backfill.execution import EVENTS_AT_ONCE, PARTNERS_AT_ONCE, Execution, execute_partner
from project88.backfill.options import BackfillOptions, Observer
from project88.backfill.plan import PartnerPlan, Plan
from project88.backfill.planning import import_event_list, look_at_event_list, plan_partner, resumed_plan
from project88.backfill.report import (
    BackfillReport,
    Circumstances,
    EventReport,
    build_report,
    event_report,
    planned_reports,
    skipped_reports,
)
from project88.edges import clock
from project88.errors import ConfigError, HubError, UsageError
from project88.store import backfill as checkpoints
from project88.store.backfill import Checkpoint
from project88.store.budget import hub_clock
from project88.store.connection import Database
from project88.store.partners import Credential
from project88.sync.accounts import collectable_credentials


async def run_backfill(db: Database, options: BackfillOptions, observer: Observer) -> BackfillReport:
    """Collect the past as ``options`` say. Raises ConfigError where no credentials exist.

    A failure of an event or of a partner stays with it and is told in the report.
    """
    if options.resume and (options.since is not None or options.limit_events is not None):
        raise UsageError("--resume goes on with the stored plan: leave out --since and --limit-events")
    started_at, began = clock.utc_now(), clock.monotonic()
    credentials = await collectable_credentials(db, options.timing_partner_id, options.provider_key)
    if not credentials:
        raise ConfigError(_no_credentials(options))
    backfill = _Backfill(db, options, observer)
    await parallel.each(credentials, PARTNERS_AT_ONCE, backfill.plan)
    plan = Plan(partners=backfill.in_order(), speed=(await hub_clock(db)).speed)
    observer.planned(plan)
    if options.dry_run:
        reports = planned_reports(plan)
    else:
        await parallel.each(plan.partners, PARTNERS_AT_ONCE, backfill.execute)
        reports = [*backfill.reports, *skipped_reports(plan)]
    circumstances = Circumstances(
        dry_run=options.dry_run,
        resumed=options.resume,
        started_at=started_at,
        runtime_seconds=clock.monotonic() - began,
        can_resume=await backfill.can_resume(),
    )
    return build_report(plan, reports, backfill.errors, circumstances)


def _no_credentials(options: BackfillOptions) -> str:
    whose = f" of timing partner {options.timing_partner_id}" if options.timing_partner_id is not None else ""
    return f"there are no credentials{whose} to collect with: run project88 credentials set --help"


@dataclass(frozen=True, slots=True)
class _Account:
    """One account's way through a backfill."""

    credential: Credential
    plan: PartnerPlan
    #: The run to go on with; None where execution begins one.
    checkpoint: Checkpoint | None = None


@dataclass(slots=True)
class _Backfill:
    db: Database
    options: BackfillOptions
    observer: Observer
    errors: list[str] = field(default_factory=list)
    reports: list[EventReport] = field(default_factory=list)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EVENTS_AT_ONCE))
    accounts: dict[tuple[int, str, str], _Account] = field(default_factory=dict)

    def in_order(self) -> Sequence[PartnerPlan]:
        return list(_each_event_once([self.accounts[key].plan for key in sorted(self.accounts)]))

    async def plan(self, credential: Credential) -> None:
        try:
            account = await (self._resumed(credential) if self.options.resume else self._fresh(credential))
        except HubError as error:
            self._fail(credential, str(error))
            account = _Account(credential, _empty_plan(credential))
        if account is not None:
            for problem in account.plan.errors:
                self._fail(credential, problem)
            self.accounts[_key(account.plan)] = account

    async def _fresh(self, credential: Credential) -> _Account:
        find = look_at_event_list if self.options.dry_run else import_event_list
        return _Account(credential, await plan_partner(self.db, credential, self.options, find, self.observer))

    async def _resumed(self, credential: Credential) -> _Account | None:
        checkpoint = await checkpoints.unfinished_run(self.db, credential.source)
        if checkpoint is None:
            return None
        return _Account(credential, await resumed_plan(self.db, credential, checkpoint), checkpoint)

    async def execute(self, plan: PartnerPlan) -> None:
        account = self.accounts[_key(plan)]
        if not plan.to_run and account.checkpoint is None:
            return
        shared = Execution(db=self.db, observer=self.observer, places=self.places, reports=self.reports)
        try:
            checkpoint = account.checkpoint or await self._begin(account)
            await execute_partner(shared, account.credential, checkpoint, plan.to_run)
        except HubError as error:
            self._fail(account.credential, str(error))
            self._leave(plan, str(error))

    async def _begin(self, account: _Account) -> Checkpoint:
        """Store the plan before the first event, so that it survives whatever comes."""
        source, plan = account.credential.source, account.plan
        events = [event.to_store() for event in plan.to_run]
        return await checkpoints.begin_run(self.db, source, plan.since, self.options.limit_events, events)

    def _leave(self, plan: PartnerPlan, reason: str) -> None:
        tried = {
            report.provider_event_id for report in self.reports if report.timing_partner_id == plan.timing_partner_id
        }
        left = [event for event in plan.to_run if event.provider_event_id not in tried]
        self.reports += [event_report(event, "not tried", reason=reason) for event in left]

    async def can_resume(self) -> bool:
        """Whether --resume would find something to do."""
        if self.options.dry_run:
            return False
        sources = [account.credential.source for account in self.accounts.values()]
        return any([await checkpoints.unfinished_run(self.db, source) is not None for source in sources])

    def _fail(self, credential: Credential, error: str) -> None:
        account = f", account {credential.account_name}" if credential.account_name else ""
        owner = f"timing partner {credential.timing_partner_id} ({credential.company_name}{account})"
        self.errors.append(f"{owner}: {error}")


def _empty_plan(credential: Credential) -> PartnerPlan:
    return PartnerPlan(
        timing_partner_id=credential.timing_partner_id,
        company_name=credential.company_name,
        provider_key=credential.provider_key,
        account_name=credential.account_name,
    )


def _key(plan: PartnerPlan) -> tuple[int, str, str]:
    return plan.timing_partner_id, plan.provider_key, plan.account_name


def _each_event_once(plans: Sequence[PartnerPlan]) -> Iterator[PartnerPlan]:
    """Events that are not stored belong to the first account whose list has them, as discovery will have it."""
    seen: set[tuple[int, str, str]] = set()
    for plan in plans:
        keys = [(plan.timing_partner_id, plan.provider_key, event.provider_event_id) for event in plan.events]
        yield replace(plan, events=[e for e, key in zip(plan.events, keys, strict=True) if key not in seen])
        seen.update(keys)
