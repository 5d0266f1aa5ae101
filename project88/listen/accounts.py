"""The accounts that timing computers may use, kept in memory so that they work while the database is away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from project88.errors import ConfigError
from project88.providers.chronotrack_tcp.asked import PROVIDER_KEY, AccountSettings, account_settings
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.partners import Credential, credentials
from project88.sync.sealed_logins import described, unsealed
from project88.wire.ctp01.authentication import proves
from project88.wire.ctp01.events import AuthorizationAsked
from project88.wire.ctp01.settings import Authentication

log = logging.getLogger(__name__)


AS_SPECIFIED = AccountSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingAccount:
    """Whose reads a computer brings. ``user`` None: nobody had to say."""

    timing_partner_id: TimingPartnerId
    user: str | None
    password: str = field(default="", repr=False)
    settings: AccountSettings = AS_SPECIFIED


class Accounts:
    """As they were when the database last answered."""

    def __init__(self) -> None:
        self._accounts: Sequence[TimingAccount] = ()
        self._told: set[str] = set()

    def __len__(self) -> int:
        return len(self._accounts)

    async def refresh(self, db: Database) -> None:
        found = [self._account(each) for each in await credentials(db, None, PROVIDER_KEY)]
        self._accounts = [each for each in found if each is not None]

    def proven(self, asked: AuthorizationAsked, kind: Authentication, seed: str) -> TimingAccount | None:
        """The account whose user and password these are. Two partners may have given a user the same name."""
        named = [each for each in self._accounts if each.user == asked.user]
        return next((each for each in named if proves(kind, each.password, seed, asked.response)), None)

    def _account(self, login: Credential) -> TimingAccount | None:
        try:
            plain = unsealed(login)
            settings = account_settings(plain.additional_config)
        except ConfigError as error:
            self._tell_once(f"{described(login)} cannot be used: {error}")
            return None
        return TimingAccount(
            timing_partner_id=plain.timing_partner_id, user=plain.principal, password=plain.secret, settings=settings
        )

    def _tell_once(self, problem: str) -> None:
        if problem not in self._told:
            self._told.add(problem)
            log.error("%s", problem, extra={"action": "account_unusable"})
