"""The commands of the JSON API: tokens, and webhooks with a receiver on loopback that takes or refuses them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL

from project88.edges.notify import signature
from project88.store import api_tokens, webhooks
from project88.store.connection import Database
from project88.sync.sealed_logins import forget_old_keys, rotate_keys
from project88.web.api.deliveries import deliver_due
from tests.hub_command import HubCommand
from tests.integration import receivers
from tests.integration.receivers import Receiver
from tests.integration.test_api import TWO_PARTNERS
from tests.integration.test_web import fill

#: Nothing is told while a transaction of whatever database of the server is older, those of other tests too.
WAIT_SECONDS = 60
CHANGE = "update ct_results set result_status = '{}', updated_at = now() where entry_id = 'e2'"


@pytest.fixture
async def hub(db: Database, database_url: str, tmp_path: Path, monkeypatch) -> HubCommand:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await fill(db, TWO_PARTNERS)
    return HubCommand(database_url, tmp_path / "home")


async def add(hub: HubCommand, received: Receiver) -> str:
    """The secret of a webhook of partner 1."""
    url = f"http://127.0.0.1:{received.port}/hook/club"
    added = await hub("webhook", "add", "--timing-partner-id", "1", "--url", url)
    assert added.code == 0, added.err
    return added.out.strip()


async def delivered(db: Database, received: Receiver, count: int) -> list[dict[str, Any]]:
    """The bodies, once so many have come; every webhook is given its turn until then."""
    async with asyncio.timeout(WAIT_SECONDS):
        while len(received.bodies) < count:
            await fill(db, "update webhooks set next_attempt_at = now()")
            await deliver_due(db)
    return [json.loads(body) for body in received.bodies]


async def test_a_token_is_made_listed_and_revoked(hub: HubCommand, db: Database):
    made = await hub("api-token", "create", "--timing-partner-id", "1", "--name", "club", "--scope", "results")
    token = made.out.strip()
    found = await api_tokens.find(db, token)
    listed = await hub("api-token", "list")
    revoked = await hub("api-token", "revoke", "1")

    assert found is not None
    assert (made.code, found.scopes, made.err) == (0, {"results"}, "")
    assert "club" in listed.out and token not in listed.out
    assert revoked.code == 0
    assert await api_tokens.find(db, token) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("api-token", "create", "--timing-partner-id", "9", "--name", "club"),
        ("api-token", "revoke", "9"),
        ("webhook", "remove", "9"),
        ("webhook", "add", "--timing-partner-id", "1", "--url", "http://example.org/hook"),
        ("webhook", "add", "--timing-partner-id", "1", "--url", "ftp://127.0.0.1/hook"),
        ("webhook", "add", "--timing-partner-id", "9", "--url", "http://127.0.0.1:1/hook"),
    ],
)
async def test_what_cannot_be_is_a_usage_error(hub: HubCommand, arguments: tuple[str, ...]):
    assert (await hub(*arguments)).code == 2


async def test_a_changed_result_is_delivered_signed_and_another_partners_is_not(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        secret = await add(hub, received)
        await fill(db, CHANGE.format("dq"))
        [body] = await delivered(db, received, 1)
    headers = received.headers[0]

    assert [(each["event_id"], each["participant_id"], each["result"]["status"]) for each in body["data"]] == [
        ("p1", "e2", "dq")
    ]
    assert headers["X-Project88-Delivery"] == body["delivery_id"]
    timestamp = headers["X-Project88-Timestamp"]
    assert headers["X-Project88-Signature"] == signature(secret.encode(), timestamp, received.bodies[0])


async def test_what_was_refused_is_sent_again_with_the_same_id_and_what_changed_since_comes_after(
    hub: HubCommand, db: Database
):
    async with receivers.webhooks() as received:
        await add(hub, received)
        received.status = 500
        await fill(db, CHANGE.format("dq"))
        await delivered(db, received, 1)
        [waiting] = await webhooks.listed(db, 1)
        await fill(db, CHANGE.format("dnf").replace("e2", "e3"))
        await delivered(db, received, 2)
        received.status = 204
        bodies = await delivered(db, received, 4)

    assert (waiting["failures"], waiting["last_error"]) == (1, "the webhook at 127.0.0.1 answered 500")
    assert len({body["delivery_id"] for body in bodies[:3]}) == 1
    assert bodies[3]["delivery_id"] != bodies[0]["delivery_id"]
    assert [[each["participant_id"] for each in body["data"]] for body in bodies] == [["e2"], ["e2"], ["e2"], ["e3"]]


async def test_a_failing_webhook_waits_before_it_is_tried_again(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        await add(hub, received)
        received.status = 500
        await fill(db, CHANGE.format("dq"))
        await delivered(db, received, 1)
        again = await deliver_due(db)

    assert again == []


async def test_a_webhook_of_one_event_hears_of_that_event_only(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        url = f"http://127.0.0.1:{received.port}/hook/club"
        await hub("webhook", "add", "--timing-partner-id", "1", "--url", url, "--event-id", "p2")
        await fill(db, CHANGE.format("dq"))
        await fill(db, "update ct_events set event_name = 'New Mill', updated_at = now() where event_id = 'p2'")
        [body] = await delivered(db, received, 1)

    assert [(each["type"], each["event"]["name"]) for each in body["data"]] == [("event", "New Mill")]


async def test_neither_the_secret_nor_the_address_is_shown_or_stored_in_plain(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        secret = await add(hub, received)
        listed = await hub("webhook", "list", "--json")
    stored = await db.value(SQL("select string_agg(to_jsonb(w)::text, '') from webhooks w"))

    assert secret not in stored + listed.out
    assert "/hook/club" not in listed.out and "127.0.0.1" in listed.out


async def test_a_webhook_is_delivered_after_its_key_was_changed_and_the_old_one_removed(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        await add(hub, received)
        rotated = await rotate_keys(db)
        forgotten = await forget_old_keys(db)
        await fill(db, CHANGE.format("dq"))
        bodies = await delivered(db, received, 1)

    assert tuple(forgotten) == rotated.old_key_ids != ()
    assert len(bodies) == 1


async def test_a_webhook_is_delivered_by_the_command_and_removed(hub: HubCommand, db: Database):
    async with receivers.webhooks() as received:
        await add(hub, received)
        received.status = 500
        await fill(db, CHANGE.format("dq"))
        await delivered(db, received, 1)
        received.status = 200
        await fill(db, "update webhooks set next_attempt_at = now()")
        done = await hub("webhook", "deliver")
        removed = await hub("webhook", "remove", "1")

    assert (done.code, done.out.splitlines()[0]) == (0, "webhook 1: 1 entries")
    assert removed.code == 0
    assert await webhooks.listed(db, None) == []
