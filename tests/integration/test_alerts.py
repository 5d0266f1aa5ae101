"""Alerts by webhook and e-mail, with real receivers: once, throttled, and that it is over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from project88 import monitor
from project88.edges import notify
from project88.edges.notify import signature
from project88.errors import ConfigError, HubError
from project88.monitor import unreachable
from project88.monitor.alerting import alert, alert_of_outage
from project88.monitor.findings import Finding, Status
from project88.store.connection import Database
from tests.hub_command import HubCommand
from tests.integration.receivers import Receiver, mails, webhooks
from tests.integration.scheduling import look

SECRET = "a-very-secret-path"


@pytest.fixture
async def hook(monkeypatch, tmp_path) -> AsyncIterator[Receiver]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path))
    async with webhooks() as received:
        monkeypatch.setenv("PROJECT88_ALERT_WEBHOOK", f"http://127.0.0.1:{received.port}/hook/{SECRET}")
        yield received


def status(*findings: Finding) -> Status:
    return Status(status="unhealthy", timestamp="", metrics={}, checks=list(findings))


DISK = Finding(check="disk", state="unhealthy", cause="the disk is full", remedy="free space")
BACKUP = Finding(check="backups", state="degraded", cause="it is old", remedy="project88 backup")


def use_mail(monkeypatch, received: Receiver) -> None:
    settings = {"ALERT_EMAIL_TO": "a@example.org, b@example.org", "SMTP_HOST": "127.0.0.1", "SMTP_TLS": "none",
                "SMTP_PORT": str(received.port), "SMTP_FROM": "hub@example.org"}  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"PROJECT88_{name}", value)


def told(received: Receiver) -> list[list[str]]:
    """The notices of each message."""
    return [[f"{each['kind']} {each['check']}" for each in json.loads(body)["notices"]] for body in received.bodies]


async def test_a_problem_is_told_once_with_its_remedy_and_then_that_it_is_over(db: Database, hook: Receiver):
    for found in (status(DISK), status(DISK), status(DISK, BACKUP), status(BACKUP), status(), status()):
        assert await alert(db, found) == []

    assert told(hook) == [["problem disk"], ["problem backups"], ["over disk"], ["over backups"]]
    assert "free space" in json.loads(hook.bodies[0])["text"]


async def test_a_problem_that_stays_is_told_again_after_an_hour(db: Database, hook: Receiver):
    await alert(db, status(DISK))
    await look(db, "update alerts set told_at = told_at - interval '60 minutes'")
    await alert(db, status(DISK))

    assert told(hook) == [["problem disk"], ["reminder disk"]]


@pytest.mark.parametrize("by_mail_too", [False, True])
async def test_ten_messages_an_hour_are_the_most_and_what_waits_is_not_lost(
    db: Database, hook: Receiver, monkeypatch, by_mail_too: bool
):
    async with mails() as letters:
        if by_mail_too:
            use_mail(monkeypatch, letters)
        for number in range(12):
            await alert(db, status(*(Finding(check=f"c{each}", state="degraded") for each in range(number + 1))))
    assert len(hook.bodies) == 10
    assert len(letters.bodies) == (10 if by_mail_too else 0)
    monkeypatch.delenv("PROJECT88_ALERT_EMAIL_TO", raising=False)

    await look(db, "update alert_messages set sent_at = sent_at - interval '1 hour'")
    await alert(db, status(*(Finding(check=f"c{each}", state="degraded") for each in range(12))))
    assert told(hook)[-1] == ["problem c10", "problem c11"]


async def test_a_channel_that_fails_is_said_so_and_the_problem_is_told_when_it_works_again(
    db: Database, hook: Receiver
):
    hook.status = 500
    failures = await alert(db, status(DISK))
    hook.status = 200
    await alert(db, status(DISK))

    assert failures == ["the webhook at 127.0.0.1 answered 500"]
    assert SECRET not in str(failures)
    assert told(hook) == [["problem disk"], ["problem disk"]]


async def test_of_two_channels_the_one_that_works_is_enough_and_the_other_one_is_a_finding(
    db: Database, hook: Receiver, monkeypatch
):
    monkeypatch.setenv("PROJECT88_ALERT_EMAIL_TO", "office@example.org")
    monkeypatch.setenv("PROJECT88_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PROJECT88_SMTP_PORT", "1")
    failure = "the e-mail by 127.0.0.1 did not take the message (ConnectionRefusedError)"
    assert await alert(db, status(DISK)) == [failure]
    assert await alert(db, status(DISK)) == []

    found = [each for each in (await monitor.look(db)).checks if each.check == "alerts"]
    assert [(each.state, each.cause) for each in found] == [("degraded", failure)]


async def test_a_signature_lets_the_receiver_know_who_sent_it(db: Database, hook: Receiver, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("shared secret\n")
    monkeypatch.setenv("PROJECT88_ALERT_WEBHOOK_SECRET_FILE", str(tmp_path / "key"))
    await alert(db, status(DISK))

    sent = hook.headers[0]["X-Project88-Signature"]
    assert sent == signature(b"shared secret", hook.headers[0]["X-Project88-Timestamp"], hook.bodies[0])


async def test_an_e_mail_says_the_same_in_words(db: Database, monkeypatch, tmp_path):
    async with mails() as received:
        use_mail(monkeypatch, received)
        assert await alert(db, status(DISK)) == []
        assert await alert(db, status(Finding(check="disk", state="degraded", who="Peak\nBcc: x@example.org"))) == []

    letter, second = (body.decode() for body in received.bodies)
    assert "\nBcc" not in second.partition("\r\n\r\n")[0]
    assert "Subject: project88 unhealthy: disk (hub)" in letter
    assert "To: a@example.org, b@example.org" in letter
    assert "UNHEALTHY disk (hub): the disk is full. Do: free space" in letter


async def test_an_outage_of_the_database_is_told_once_though_no_database_remembers_it(db: Database, hook: Receiver):
    away = unreachable(HubError("the server does not answer"))
    for _ in range(3):
        await alert_of_outage(away)
    await alert(db, status())
    await alert(db, status())

    assert told(hook) == [["problem database"], ["over database"]]


async def test_only_what_is_bad_enough_is_told(db: Database, hook: Receiver, monkeypatch):
    monkeypatch.setenv("PROJECT88_ALERT_FROM", "unhealthy")
    await alert(db, status(BACKUP))
    assert told(hook) == []
    await alert(db, status(BACKUP, DISK))
    assert told(hook) == [["problem disk"]]


async def test_without_a_channel_nothing_is_noted(db: Database):
    assert await alert(db, status(DISK)) == []
    assert await look(db, "select * from alerts") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROJECT88_ALERT_WEBHOOK", "http://example.org/hook"),
        ("PROJECT88_ALERT_WEBHOOK", "ftp://example.org/hook"),
        ("PROJECT88_SMTP_PORT", "many"),
        ("PROJECT88_SMTP_TLS", "perhaps"),
        ("PROJECT88_SMTP_PASSWORD_FILE", "/nowhere/password"),
    ],
)
def test_a_setting_that_cannot_be_is_told_at_once(monkeypatch, name: str, value: str):
    monkeypatch.setenv("PROJECT88_ALERT_EMAIL_TO", "office@example.org")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        notify.channels()


async def test_the_command_alerts_for_cron_and_sends_a_test(database_url: str, hook: Receiver, tmp_path):
    command = HubCommand(database_url, tmp_path)
    first, second = await command("monitor", "--alert"), await command("monitor", "--alert", "--json")
    test = await command("monitor", "--test-alert")

    assert first.code == second.code == 1, first.out
    assert told(hook) == [["problem logins"], ["problem test"]]
    assert (test.code, test.out) == (0, "the webhook at 127.0.0.1 took the message\n")
    assert SECRET not in first.out + first.err + second.out + test.err


async def test_a_channel_that_cannot_be_is_a_warning_and_no_outage(database_url: str, hook, tmp_path, monkeypatch):
    monkeypatch.setenv("PROJECT88_ALERT_WEBHOOK", "ftp://example.org")
    done = await HubCommand(database_url, tmp_path)("monitor", "--alert", "--json")

    assert (done.code, done.json["status"]) == (1, "degraded")
    assert "PROJECT88_ALERT_WEBHOOK must begin with https://" in done.err


async def test_a_test_message_that_nobody_takes_is_a_failure(database_url: str, hook: Receiver, tmp_path, monkeypatch):
    hook.status = 404
    test = await HubCommand(database_url, tmp_path)("monitor", "--test-alert")
    assert (test.code, test.out) == (1, "the webhook at 127.0.0.1 answered 404\n")

    monkeypatch.delenv("PROJECT88_ALERT_WEBHOOK")
    assert (await HubCommand(database_url, tmp_path)("monitor", "--test-alert")).code == 78
