"""Webhooks out: changed results from the feed, signed, sent again until they are taken. Decides no result."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from project88.edges import notify
from project88.edges.redaction import redacted
from project88.edges.sealing import open_key_ring
from project88.errors import HubError
from project88.store import feed, webhooks
from project88.store.connection import Database
from project88.store.webhooks import Webhook
from project88.web.api.answers import Delivery
from project88.web.api.endpoints import change
from project88.web.api.parameters import pack, unpack

ENTRIES_AT_MOST = 200
LOOK_EVERY = timedelta(seconds=1)
#: Longer than a delivery can take.
LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
FORGET_EVERY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``problem`` None: it was taken, or nothing was to send."""

    webhook_id: int
    entries: int
    problem: str | None = None


async def deliver_until(db: Database, stop: asyncio.Event) -> None:
    """Deliver what there is, again and again."""
    loop = asyncio.get_running_loop()
    forget_at = loop.time()
    while not stop.is_set():
        if loop.time() >= forget_at:
            await feed.forget(db)
            forget_at = loop.time() + FORGET_EVERY_SECONDS
        await deliver_due(db)
        try:
            async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                await stop.wait()
        except TimeoutError:
            continue


async def deliver_due(db: Database) -> list[Outcome]:
    """One turn of every webhook whose turn it is."""
    outcomes = []
    while (hook := await webhooks.claim(db, LEASE)) is not None:
        outcomes.append(await _turn(db, hook))
        if len(outcomes) >= ENTRIES_AT_MOST:
            break
    return outcomes


async def _turn(db: Database, hook: Webhook) -> Outcome:
    try:
        return await _deliver(db, hook)
    except feed.PositionLost as error:
        # What it missed cannot be told; its operator reads the lists anew.
        here = pack(await feed.now(db))
        await webhooks.go_on(db, hook.webhook_id, here, LOOK_EVERY, is_delivered=False, last_error=str(error))
        return Outcome(webhook_id=hook.webhook_id, entries=0, problem=str(error))
    except HubError as error:
        said = redacted(str(error))
        await webhooks.fail(db, hook.webhook_id, said, _wait(hook.failures))
        return Outcome(webhook_id=hook.webhook_id, entries=0, problem=said)


async def _deliver(db: Database, hook: Webhook) -> Outcome:
    after = unpack(hook.position, feed.Position)
    until = unpack(hook.pending_to, feed.Position) if hook.pending_to else None
    page = await feed.page(db, hook.timing_partner_id, hook.event_id, after, ENTRIES_AT_MOST, until=until)
    # Of a delivery that was begun, the bounds stay; what changed since then comes in a later one.
    to = hook.pending_to or pack(page.position)
    if page.entries:
        await _send(db, hook, to, page.entries)
    wait = timedelta() if page.has_more or hook.pending_to else LOOK_EVERY
    await webhooks.go_on(db, hook.webhook_id, to, wait, is_delivered=bool(page.entries))
    return Outcome(webhook_id=hook.webhook_id, entries=len(page.entries))


async def _send(db: Database, hook: Webhook, to: str, entries: list[feed.Entry]) -> None:
    """Raises HubError where it was not taken."""
    delivery_id = hook.pending_id or uuid.uuid4()
    if hook.pending_id is None:
        await webhooks.begin(db, hook.webhook_id, to, delivery_id)
    secret = open_key_ring().unseal(hook.secret, webhooks.context(hook.timing_partner_id, hook.url))
    body = Delivery(
        delivery_id=str(delivery_id),
        webhook_id=hook.webhook_id,
        timing_partner_id=hook.timing_partner_id,
        data=[change(hook.timing_partner_id, each) for each in entries],
    )
    headers = {"X-Project88-Delivery": str(delivery_id)}
    message = notify.Message(subject="", text="", body=msgspec.json.encode(body))
    await notify.send(notify.Webhook(url=hook.url, key=secret.encode(), headers=headers), message)


def _wait(failures: int) -> timedelta:
    """Twice as long after each failure."""
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures + 1, 12)))
