"""Every attempt leaves a row in sync_history, whatever its end. Fetches and merges nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project88.edges.redaction import redacted
from project88.errors import CredentialsRefused, Gone, HubError, ProviderError, Transient
from project88.store import events, history
from project88.store.connection import Database
from project88.store.failures import translated
from project88.store.history import Outcome, SyncType
from project88.store.scope import EventScope, Source
from project88.sync.accounts import Account
from project88.sync.ticket import Ticket

log = logging.getLogger(__name__)

#: What the history says of an attempt that was cancelled, as when Ctrl-C ends the program.
INTERRUPTED = "interrupted"


@asynccontextmanager
async def attempt(
    account: Account, sync_type: SyncType, scope: EventScope | None = None, ticket: Ticket | None = None
) -> AsyncIterator[Outcome]:
    """Account for one attempt. A provider's failure ends in the outcome; a refused login is raised as well."""
    outcome = Outcome(event_id=scope.event_id if scope else None)
    number = outcome.number = await _begin(account.db, account.source, sync_type, scope, ticket)
    try:
        with translated():
            yield outcome
    except Gone as error:
        await _give_up(account, scope, outcome, error)
    except CredentialsRefused as error:
        _fail(outcome, str(error))
        raise
    except ProviderError as error:
        _fail(outcome, str(error))
        outcome.service_is_dead = isinstance(error, Transient)
    except (HubError, asyncio.CancelledError) as error:
        _fail(outcome, str(error) or INTERRUPTED)
        raise
    except BaseException as error:
        _fail(outcome, type(error).__name__)
        raise
    finally:
        # A service may say in its words what it was sent.
        outcome.error_message = outcome.error_message and redacted(outcome.error_message)
        outcome.reason = outcome.reason and redacted(outcome.reason)
        outcome.api_calls = account.client.calls
        await history.finish(account.db, account.source, number, outcome)
        _tell(account, sync_type, scope, outcome)


async def skip(
    db: Database,
    source: Source,
    sync_type: SyncType,
    scope: EventScope | None,
    reason: str,
    ticket: Ticket | None = None,
) -> Outcome:
    """Account for an attempt that asked the service nothing."""
    outcome = Outcome(status="skipped", reason=reason, event_id=scope.event_id if scope else None)
    await history.finish(db, source, await _begin(db, source, sync_type, scope, ticket), outcome)
    return outcome


async def _begin(
    db: Database, source: Source, sync_type: SyncType, scope: EventScope | None, ticket: Ticket | None
) -> int:
    return await history.begin(
        db,
        source,
        sync_type,
        scope.event_id if scope else None,
        scope.provider_event_id if scope else None,
        ticket.due if ticket else None,
    )


async def _give_up(account: Account, scope: EventScope | None, outcome: Outcome, error: Gone) -> None:
    """Only an archived event is given up for good; a missing page may be a wrong address."""
    if scope is None:
        _fail(outcome, str(error))
        return
    outcome.status, outcome.reason = "skipped", f"gone upstream: {error}"
    if error.upstream_state == "archived":
        async with account.db.connection() as connection:
            await events.mark_upstream_state(connection, scope, error.upstream_state)


def _fail(outcome: Outcome, message: str) -> None:
    """What was written before the failure was rolled back with it."""
    outcome.status, outcome.error_message = "failed", message
    outcome.rows_written = outcome.participants_written = outcome.results_written = 0
    outcome.rows_retracted = outcome.rows_quarantined = 0


def _level(outcome: Outcome) -> int:
    """Somebody who ends the program has asked for what comes of it."""
    if outcome.status != "failed":
        return logging.INFO
    return logging.WARNING if outcome.error_message == INTERRUPTED else logging.ERROR


def _tell(account: Account, sync_type: SyncType, scope: EventScope | None, outcome: Outcome) -> None:
    log.log(
        _level(outcome),
        "%s of %s for timing partner %s%s: %s, %s participants, %s results, %s written, %s calls%s",
        sync_type,
        f"event {scope.provider_event_id}" if scope else "events",
        account.source.timing_partner_id,
        f", account {account.source.account_name}" if account.source.account_name else "",
        outcome.status,
        outcome.participants_synced,
        outcome.results_synced,
        outcome.rows_written,
        outcome.api_calls,
        f" ({outcome.error_message or outcome.reason})" if outcome.error_message or outcome.reason else "",
        extra={"action": f"sync_{outcome.status}"},
    )
