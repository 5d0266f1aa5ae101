"""The open logins of one worker, kept for their tokens and connections. Asks no service by itself."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType

from project88.records.entities import TimingPartnerId
from project88.store import partners
from project88.store.connection import Database
from project88.store.partners import Credential
from project88.sync.accounts import Account, open_account


class OpenLogins:
    """Opened when first used; a login that was changed is opened anew, and the polls under way keep the old one."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open: dict[tuple[TimingPartnerId, str, str], tuple[Credential, Account]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> OpenLogins:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.clear()
        await self._stack.aclose()

    async def credential(
        self, timing_partner_id: TimingPartnerId, provider_key: str, account_name: str
    ) -> Credential | None:
        found = await partners.credentials(self._db, timing_partner_id, provider_key)
        return next((each for each in found if each.account_name == account_name), None)

    async def account(self, credential: Credential) -> Account:
        """Raises ConfigError where the login's settings cannot work."""
        key = (credential.timing_partner_id, credential.provider_key, credential.account_name)
        known = self._open.get(key)
        if known is not None and known[0] == credential:
            return known[1]
        account = await self._stack.enter_async_context(open_account(self._db, credential))
        # Another poll may have opened the same login meanwhile; both work, one is kept.
        self._open[key] = (credential, account)
        return account


def no_login(provider_key: str, account_name: str) -> str:
    """Why nothing can be asked."""
    account = f", account {account_name}" if account_name else ""
    return f"the partner has no login for {provider_key}{account}"
