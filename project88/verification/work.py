"""What the slots share: the options, the accounts under test, and what earlier slots found of them. Judges nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from project88.backfill import PartnerPlan
from project88.edges.units import CHECKOUT
from project88.errors import ProviderError
from project88.providers.contract import Page
from project88.store.connection import Database
from project88.store.history import Outcome
from project88.store.partners import Credential
from project88.sync.accounts import Account
from project88.verification.report import Findings, recorded

PROVIDER = "chronotrack_live"
MIGRATE = "run: project88 db migrate"
DRY_RUN = "a dry run sends no packet"
NO_LOGIN = "there is no login to test with: see provider_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``timing_partner_id`` None: every partner that has a login. ``checkout``: where the page's files stand."""

    timing_partner_id: int | None = None
    dry_run: bool = False
    unit: Path
    checkout: Path = CHECKOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One event read and stored, before it was rolled back."""

    name: str
    participants: Outcome
    results: Outcome


@dataclass(slots=True, kw_only=True)
class Trial:
    """One account's way through the slots. ``stop``: why its service cannot be asked further."""

    credential: Credential
    stop: str | None = None
    account: Account | None = None
    #: What came of the login: an answer, or the error in place of it.
    answer: Page | None = None
    no_answer: ProviderError | None = None
    plan: PartnerPlan | None = None
    no_plan: str | None = None
    collected: Collected | None = None
    events: int = 0
    calls: int = 0

    @property
    def name(self) -> str:
        account = f", account {self.credential.account_name}" if self.credential.account_name else ""
        return f"timing partner {self.credential.timing_partner_id} ({self.credential.company_name}{account})"

    @property
    def opened(self) -> Account:
        assert self.account is not None, "adapter_authentication opens every account that has no stop"
        return self.account


@dataclass(slots=True, kw_only=True)
class Work:
    """``lost``: why no further slot can be checked."""

    db: Database
    options: Options
    stack: AsyncExitStack
    trials: list[Trial] = field(default_factory=list)
    lost: str | None = None


Check = Callable[[Work, Findings], Awaitable[None]]
AccountCheck = Callable[[Work, Trial, Findings], Awaitable[None]]


async def each_account(work: Work, findings: Findings, check: AccountCheck) -> None:
    """Check every account, whatever became of the others."""
    if not work.trials and not findings.problems:
        findings.not_checked.append(NO_LOGIN)
    for trial in work.trials:
        own = Findings()
        if trial.stop is not None:
            own.not_checked.append(trial.stop)
        else:
            with recorded(own):
                await check(work, trial, own)
        findings.add(trial.name, trial.credential.timing_partner_id, trial.credential.account_name, own)


async def each_service(work: Work, findings: Findings, check: AccountCheck) -> None:
    """The same for what asks the service."""
    if work.options.dry_run:
        findings.not_checked.append(DRY_RUN)
    else:
        await each_account(work, findings, check)
